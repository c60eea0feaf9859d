import { sqlConnector } from '../families/sql/sql-connector.js';
import { snowflakeCatalog } from './snowflake/catalog.js';
import { SNOWFLAKE_CODES } from './snowflake/codes.js';
import { SnowflakeLine } from './snowflake/line.js';
import { identifier } from './snowflake/queries.js';
import { remedyFor } from './snowflake/remedies.js';
import { checkSnowflake, endpointOf, snowflakeSpec } from './snowflake/spec.js';

/** Snowflake over its SQL API; it starts no warehouse. */
export const snowflake = sqlConnector(
  {
    type: 'snowflake',
    title: 'Snowflake',
    category: 'warehouse',
    spec: snowflakeSpec,
    concurrency: 'shared',
    probe: 'metadata',
    check: checkSnowflake,
    endpoint: endpointOf,
    remedy: remedyFor,
  },
  {
    codes: SNOWFLAKE_CODES,
    connect: (config, context) => SnowflakeLine.connect(config, context),
    quote: identifier,
    catalog: snowflakeCatalog,
  },
);
