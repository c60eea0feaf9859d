import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy } from '../families/files/file-session.js';
import { checkStore, listedStoreFields, storeEndpoint } from '../families/files/store-spec.js';
import { openTableSession } from '../families/files/table-session.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('delta_lake', {
  ...filePath({
    pattern: SAFE_FILE_PATH,
    title: 'Table folder',
    description: 'Path of the folder of the table, the one that holds `_delta_log`, with forward slashes.',
    examples: ['lake/orders'],
  }),
  ...listedStoreFields(),
});

/** Delta tables: schema, partitions and protocol by the log. */
export const deltaLake = defineConnector({
  type: 'delta_lake',
  title: 'Delta Lake table',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  open: (config, context) =>
    openTableSession(
      config,
      { product: 'Delta table', standard: 'Delta protocol 3', format: 'delta_lake', logs: ['_delta_log'] },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
