import { sqlConnector } from '../families/sql/sql-connector.js';
import { bigqueryCatalog } from './bigquery/catalog.js';
import { BIGQUERY_CODES } from './bigquery/codes.js';
import { BigqueryLine, ENDPOINT } from './bigquery/line.js';
import { remedyFor } from './bigquery/remedies.js';
import { bigquerySpec, checkBigquery } from './bigquery/spec.js';

/** BigQuery over its REST interface; nothing that it is asked is billed. */
export const bigquery = sqlConnector(
  {
    type: 'bigquery',
    title: 'BigQuery',
    category: 'warehouse',
    spec: bigquerySpec,
    concurrency: 'shared',
    probe: 'metadata',
    check: checkBigquery,
    endpoint: () => ENDPOINT,
    remedy: remedyFor,
  },
  {
    codes: BIGQUERY_CODES,
    connect: (config, context) => BigqueryLine.connect(config, context),
    quote: (name) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``,
    catalog: bigqueryCatalog,
  },
);
