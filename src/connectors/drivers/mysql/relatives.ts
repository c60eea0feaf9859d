import type { Static, TObject } from 'typebox';
import { sqlConnector } from '../../families/sql/sql-connector.js';
import type { ConnectionFault, ConnectorDefinition, OpenContext } from '../../spi/index.js';
import { mysqlCatalog } from './catalog.js';
import { MYSQL_CODES } from './codes.js';
import type { MysqlLine } from './line.js';
import { connectLine } from './login.js';
import { quote, remedyFor } from './remedies.js';
import type { MysqlConfig } from './spec.js';

/** What a service differs in that speaks MySQL's protocol; absent parts are MySQL's own. */
export interface Relative<S extends TObject> {
  readonly type: string;
  readonly title: string;
  readonly spec: S;
  readonly connect?: (config: MysqlConfig, context: OpenContext) => Promise<MysqlLine>;
  readonly check?: (config: Static<S>) => readonly ConnectionFault[];
}

/** The connector of a relative. Its spec has the fields of MySQL, and may have more. */
export function mysqlRelative<S extends TObject>(
  relative: Relative<S>,
): ConnectorDefinition<S, 'discover' | 'query'> {
  const { type, title, spec, check, connect = connectLine } = relative;
  return sqlConnector<S, MysqlLine>(
    {
      type,
      title,
      category: 'sql',
      spec,
      concurrency: 'exclusive',
      driver: 'mysql2',
      ...(check ? { check } : {}),
      remedy: (code, config) => remedyFor(code, config as unknown as MysqlConfig),
    },
    {
      codes: MYSQL_CODES,
      connect: (config, context) => connect(config as unknown as MysqlConfig, context),
      quote,
      catalog: mysqlCatalog,
      query: (line, statement) => line.query(statement),
    },
  );
}
