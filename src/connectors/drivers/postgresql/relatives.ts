import type { Static, TObject } from 'typebox';
import { sqlConnector } from '../../families/sql/sql-connector.js';
import type { SqlCatalog } from '../../families/sql/sql-driver.js';
import type { ConnectionFault, ConnectorDefinition, OpenContext, Remedy } from '../../spi/index.js';
import type { ErrorCode } from '../../../common/app-error.js';
import { postgresqlCatalog } from './catalog.js';
import { POSTGRESQL_CODES } from './codes.js';
import type { PgLine } from './line.js';
import { connectLine } from './login.js';
import { quote, remedyFor } from './remedies.js';
import type { PostgresqlConfig } from './spec.js';

/** What a service differs in that speaks PostgreSQL's protocol; absent parts are PostgreSQL's own. */
export interface Relative<S extends TObject> {
  readonly type: string;
  readonly title: string;
  readonly spec: S;
  readonly category?: 'sql' | 'warehouse';
  readonly connect?: (config: PostgresqlConfig, context: OpenContext) => Promise<PgLine>;
  readonly catalog?: (line: PgLine) => SqlCatalog;
  readonly check?: (config: Static<S>) => readonly ConnectionFault[];
  /** Remedies that the service has of its own. */
  readonly remedy?: (code: ErrorCode, config: PostgresqlConfig) => Remedy | undefined;
}

/** The connector of a relative. Its spec has the fields of PostgreSQL, and may have more. */
export function postgresqlRelative<S extends TObject>(
  relative: Relative<S>,
): ConnectorDefinition<S, 'discover' | 'query'> {
  const { type, title, spec, category = 'sql', check, remedy } = relative;
  const { connect = connectLine, catalog = postgresqlCatalog } = relative;
  return sqlConnector<S, PgLine>(
    {
      type,
      title,
      category,
      spec,
      concurrency: 'exclusive',
      driver: 'pg',
      ...(check ? { check } : {}),
      remedy: (code, config) => {
        const own = config as unknown as PostgresqlConfig;
        return remedy?.(code, own) ?? remedyFor(code, own);
      },
    },
    {
      codes: POSTGRESQL_CODES,
      connect: (config, context) => connect(config as unknown as PostgresqlConfig, context),
      quote,
      catalog,
      query: (line, statement) => line.query(statement),
    },
  );
}
