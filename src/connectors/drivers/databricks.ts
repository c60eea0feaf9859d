import { sqlConnector } from '../families/sql/sql-connector.js';
import { databricksCatalog } from './databricks/catalog.js';
import { DATABRICKS_CODES } from './databricks/codes.js';
import { DatabricksLine } from './databricks/line.js';
import { quote, remedyFor } from './databricks/remedies.js';
import { checkDatabricks, databricksSpec } from './databricks/spec.js';

/** Databricks by Unity Catalog's REST interface; it starts no compute. */
export const databricks = sqlConnector(
  {
    type: 'databricks',
    title: 'Databricks',
    category: 'warehouse',
    spec: databricksSpec,
    concurrency: 'shared',
    probe: 'metadata',
    check: checkDatabricks,
    endpoint: ({ workspace }) => ({ host: workspace, port: 443 }),
    remedy: remedyFor,
  },
  {
    codes: DATABRICKS_CODES,
    connect: (config, context) => DatabricksLine.connect(config, context),
    quote,
    catalog: databricksCatalog,
  },
);
