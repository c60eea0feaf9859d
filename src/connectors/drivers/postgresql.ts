import { sqlConnector } from '../families/sql/sql-connector.js';
import type { QueryingDriver } from '../families/sql/sql-driver.js';
import { postgresqlCatalog } from './postgresql/catalog.js';
import { POSTGRESQL_CODES } from './postgresql/codes.js';
import type { PgLine } from './postgresql/line.js';
import { connectLine } from './postgresql/login.js';
import { quote, remedyFor } from './postgresql/remedies.js';
import { postgresqlSpec } from './postgresql/spec.js';

const driver: QueryingDriver<typeof postgresqlSpec, PgLine> = {
  codes: POSTGRESQL_CODES,
  connect: connectLine,
  quote,
  catalog: postgresqlCatalog,
  query: (line, statement) => line.query(statement),
};

/** PostgreSQL 12 and later, directly or through PgBouncer. */
export const postgresql = sqlConnector(
  {
    type: 'postgresql',
    title: 'PostgreSQL',
    category: 'sql',
    spec: postgresqlSpec,
    concurrency: 'exclusive',
    driver: 'pg',
    remedy: remedyFor,
  },
  driver,
);
