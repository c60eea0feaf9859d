import type { ConnectorDefinition } from '../spi/index.js';
import { alloydb } from './alloydb.js';
import { auroraMysql } from './aurora-mysql.js';
import { auroraPostgresql } from './aurora-postgresql.js';
import { avro } from './avro.js';
import { azureBlob } from './azure-blob.js';
import { azureSql } from './azure-sql.js';
import { bigquery } from './bigquery.js';
import { cassandra } from './cassandra.js';
import { clickhouse } from './clickhouse.js';
import { cloudSql } from './cloud-sql.js';
import { cockroachdb } from './cockroachdb.js';
import { cosmosDb } from './cosmos-db.js';
import { csv } from './csv.js';
import { databricks } from './databricks.js';
import { deltaLake } from './delta-lake.js';
import { duckdb } from './duckdb.js';
import { dynamodb } from './dynamodb.js';
import { elasticsearch } from './elasticsearch.js';
import { excel } from './excel.js';
import { gcs } from './gcs.js';
import { httpApi } from './http-api.js';
import { hudi } from './hudi.js';
import { iceberg } from './iceberg.js';
import { json } from './json.js';
import { kafka } from './kafka.js';
import { mariadb } from './mariadb.js';
import { mongodb } from './mongodb.js';
import { mysql } from './mysql.js';
import { opensearch } from './opensearch.js';
import { oracle } from './oracle.js';
import { nats } from './nats.js';
import { orc } from './orc.js';
import { other } from './other.js';
import { parquet } from './parquet.js';
import { postgresql } from './postgresql.js';
import { rds } from './rds.js';
import { rabbitmq } from './rabbitmq.js';
import { redis } from './redis.js';
import { redshift } from './redshift.js';
import { s3 } from './s3.js';
import { snowflake } from './snowflake.js';
import { sqlite } from './sqlite.js';
import { sqlserver } from './sqlserver.js';
import { synapse } from './synapse.js';
import { tidb } from './tidb.js';
import { timescaledb } from './timescaledb.js';
import { trino } from './trino.js';
import { valkey } from './valkey.js';

/** Every connector of the product, in the order of the catalogue. A new one is one line here. */
export const CONNECTORS: readonly ConnectorDefinition[] = [
  postgresql,
  mysql,
  mariadb,
  sqlite,
  duckdb,
  auroraPostgresql,
  auroraMysql,
  rds,
  cloudSql,
  alloydb,
  timescaledb,
  cockroachdb,
  tidb,
  sqlserver,
  azureSql,
  synapse,
  oracle,
  snowflake,
  bigquery,
  redshift,
  databricks,
  clickhouse,
  trino,
  mongodb,
  cassandra,
  redis,
  valkey,
  dynamodb,
  cosmosDb,
  elasticsearch,
  opensearch,
  csv,
  json,
  excel,
  parquet,
  orc,
  avro,
  deltaLake,
  iceberg,
  hudi,
  s3,
  gcs,
  azureBlob,
  kafka,
  rabbitmq,
  nats,
  httpApi,
  other,
];
