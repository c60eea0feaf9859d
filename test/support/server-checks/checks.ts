import type { ServerName, TestServers } from '../../servers/server-types.js';
import type { Check } from './check.js';
import { postgres, mysql, mysqlWithoutTls, pgbouncer, clickhouse, trino } from './sql.js';
import {
  redis,
  redisCluster,
  redisSentinel,
  mongodb,
  elasticsearch,
  cassandra,
  dynamodb,
  cosmosdb,
} from './nosql.js';
import { aws, s3, azureBlob, gcs } from './stores.js';
import { sshd } from './ssh.js';
import { kafka, schemaRegistry, rabbitmq, nats } from './streams.js';

/** One for each test server. */
export const CHECKS: { readonly [N in ServerName]: Check<TestServers[N]> } = {
  postgres,
  'postgres-12': postgres,
  'postgres-13': postgres,
  'postgres-14': postgres,
  'postgres-15': postgres,
  'postgres-16': postgres,
  'postgres-17': postgres,
  mariadb: mysql,
  mysql,
  'mysql-5.7': mysqlWithoutTls,
  redis,
  redisCluster,
  redisSentinel,
  clickhouse,
  trino,
  s3,
  aws,
  dynamodb,
  azureBlob,
  gcs,
  cosmosdb,
  mongodb,
  elasticsearch,
  cassandra,
  kafka,
  schemaRegistry,
  rabbitmq,
  nats,
  pgbouncer,
  sshd,
};
