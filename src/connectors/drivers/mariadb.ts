import { sqlConnector } from '../families/sql/sql-connector.js';
import { mysqlCatalog } from './mysql/catalog.js';
import { MYSQL_CODES } from './mysql/codes.js';
import { connectLine } from './mysql/login.js';
import { quote, remedyFor } from './mysql/remedies.js';
import { mariadbSpec } from './mysql/spec.js';

/** MariaDB 10.3 and later. It shares its line and its catalog with MySQL: which server answers is asked, not assumed. */
export const mariadb = sqlConnector(
  {
    type: 'mariadb',
    title: 'MariaDB',
    category: 'sql',
    spec: mariadbSpec,
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
