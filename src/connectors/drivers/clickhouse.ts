import { sqlConnector } from '../families/sql/sql-connector.js';
import { clickhouseCatalog } from './clickhouse/catalog.js';
import { CLICKHOUSE_CODES } from './clickhouse/codes.js';
import { ClickhouseLine } from './clickhouse/line.js';
import { quote, remedyFor } from './clickhouse/remedies.js';
import { clickhouseSpec } from './clickhouse/spec.js';

/** ClickHouse 18.12 and later, over its HTTP interface. */
export const clickhouse = sqlConnector(
  {
    type: 'clickhouse',
    title: 'ClickHouse',
    category: 'sql',
    spec: clickhouseSpec,
    concurrency: 'shared',
    remedy: remedyFor,
  },
  {
    codes: CLICKHOUSE_CODES,
    connect: (config, context) => ClickhouseLine.connect(config, context),
    quote,
    catalog: clickhouseCatalog,
  },
);
