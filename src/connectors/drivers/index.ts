import type { ConnectorDefinition } from '../spi/index.js';
import { csv } from './csv.js';
import { json } from './json.js';
import { mariadb } from './mariadb.js';
import { mysql } from './mysql.js';
import { other } from './other.js';
import { postgresql } from './postgresql.js';
import { redis } from './redis.js';

/** Every connector of the product, in the order of the catalogue. A new one is one line here. */
export const CONNECTORS: readonly ConnectorDefinition[] = [postgresql, mysql, mariadb, redis, csv, json, other];
