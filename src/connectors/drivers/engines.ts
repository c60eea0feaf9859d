import { Type, type Static, type TObject } from 'typebox';
import { sqlConnector } from '../families/sql/sql-connector.js';
import {
  database,
  endpoint,
  login,
  tls,
  type ConnectionFault,
  type ConnectorDefinition,
  type OpenContext,
} from '../spi/index.js';
import { mysqlCatalog } from './mysql/catalog.js';
import { MYSQL_CODES } from './mysql/codes.js';
import { MysqlLine } from './mysql/line.js';
import { connectLine as connectMysql } from './mysql/login.js';
import { quote as quoteMysql, remedyFor as mysqlRemedy } from './mysql/remedies.js';
import { postgresqlCatalog } from './postgresql/catalog.js';
import { POSTGRESQL_CODES } from './postgresql/codes.js';
import type { PgLine } from './postgresql/line.js';
import { connectLine as connectPostgresql } from './postgresql/login.js';
import { remedyFor as postgresqlRemedy } from './postgresql/remedies.js';

type Engine = 'postgresql' | 'mysql' | 'mariadb';

/** The fields of a service that runs one of several engines. */
export const engineFields = <E extends Engine>(engines: readonly E[]) => ({
  engine: Type.Enum(engines as E[], {
    title: 'Engine',
    description: 'What the instance runs.',
    examples: [engines[0]],
    'x-destination': true,
    'x-group': 'server',
  }),
  // The ports of the engines differ, so there is no default that would be right for all.
  ...endpoint(5432),
  port: Type.Integer({
    title: 'Port',
    minimum: 1,
    maximum: 65_535,
    examples: [5432],
    'x-destination': true,
    'x-group': 'server',
  }),
  ...database(),
  ...login(),
  ...tls(),
});

/** A connection of any of these services, as the drivers of the engines read it. */
type EngineConfig = Static<TObject<ReturnType<typeof engineFields<Engine>>>>;

export interface Service<S extends TObject> {
  readonly type: string;
  readonly title: string;
  readonly spec: S;
  readonly check?: (config: Static<S>) => readonly ConnectionFault[];
  /** The connection as it is used for one login, such as with a fresh token as its password. */
  readonly prepare?: (config: Static<S>, context: OpenContext) => Static<S> | Promise<Static<S>>;
  /** Whether the password is a token that goes in clear inside of TLS. */
  readonly clear?: (config: Static<S>) => boolean;
}

/** The connector of such a service: the line and the catalog of the engine that the connection names. */
export function engineConnector<S extends TObject>(
  service: Service<S>,
): ConnectorDefinition<S, 'discover' | 'query'> {
  const { type, title, spec, check, prepare = (config: Static<S>) => config, clear } = service;
  return sqlConnector<S, PgLine | MysqlLine>(
    {
      type,
      title,
      category: 'sql',
      spec,
      concurrency: 'exclusive',
      ...(check ? { check } : {}),
      remedy: (code, config) => {
        const own = config as unknown as EngineConfig;
        return own.engine === 'postgresql' ? postgresqlRemedy(code, own) : mysqlRemedy(code, own);
      },
    },
    {
      // SQLSTATEs and the names of MySQL have no code in common.
      codes: { ...POSTGRESQL_CODES, ...MYSQL_CODES },
      connect: async (config, context) => {
        const own = (await prepare(config, context)) as unknown as EngineConfig;
        return own.engine === 'postgresql'
          ? connectPostgresql(own, context)
          : connectMysql(own, context, { clear: clear?.(config) ?? false });
      },
      quote: quoteMysql,
      catalog: (line) => (line instanceof MysqlLine ? mysqlCatalog(line) : postgresqlCatalog(line)),
      query: (line, statement) => line.query(statement),
    },
  );
}
