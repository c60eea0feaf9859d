import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy } from '../families/files/file-session.js';
import { checkStore, listedStoreFields, storeEndpoint } from '../families/files/store-spec.js';
import { openTableSession } from '../families/files/table-session.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('iceberg', {
  ...filePath({
    pattern: SAFE_FILE_PATH,
    title: 'Table folder',
    description: 'Path of the folder of the table, the one that holds `metadata`, with forward slashes.',
    examples: ['lake/orders'],
  }),
  ...listedStoreFields(),
});

/** Iceberg tables in a folder: schema, partitions and snapshot by the newest metadata file. */
export const iceberg = defineConnector({
  type: 'iceberg',
  title: 'Iceberg table',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  open: (config, context) =>
    openTableSession(
      config,
      { product: 'Iceberg table', standard: 'Iceberg 1 to 3', format: 'iceberg', logs: ['metadata'] },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
