import { sqlConnector } from '../families/sql/sql-connector.js';
import { mysqlCatalog } from './mysql/catalog.js';
import { MYSQL_CODES } from './mysql/codes.js';
import { connectLine } from './mysql/login.js';
import { quote, remedyFor } from './mysql/remedies.js';
import { mysqlSpec } from './mysql/spec.js';

/** MySQL 5.7 and later, and what speaks its protocol. */
export const mysql = sqlConnector(
  {
    type: 'mysql',
    title: 'MySQL',
    category: 'sql',
    spec: mysqlSpec,
    concurrency: 'exclusive',
    driver: 'mysql2',
    remedy: remedyFor,
  },
  {
    codes: MYSQL_CODES,
    connect: connectLine,
    quote,
    catalog: mysqlCatalog,
    query: (line, statement) => line.query(statement),
  },
);
