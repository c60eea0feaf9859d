import type { ConnectorDefinition } from '../spi/index.js';
import { avro } from './avro.js';
import { csv } from './csv.js';
import { deltaLake } from './delta-lake.js';
import { excel } from './excel.js';
import { httpApi } from './http-api.js';
import { hudi } from './hudi.js';
import { iceberg } from './iceberg.js';
import { json } from './json.js';
import { mariadb } from './mariadb.js';
import { mysql } from './mysql.js';
import { orc } from './orc.js';
import { other } from './other.js';
import { parquet } from './parquet.js';
import { postgresql } from './postgresql.js';
import { redis } from './redis.js';

/** Every connector of the product, in the order of the catalogue. A new one is one line here. */
export const CONNECTORS: readonly ConnectorDefinition[] = [
  postgresql,
  mysql,
  mariadb,
  redis,
  csv,
  json,
  excel,
  parquet,
  orc,
  avro,
  deltaLake,
  iceberg,
  hudi,
  httpApi,
  other,
];
