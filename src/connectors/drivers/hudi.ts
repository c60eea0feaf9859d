import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy } from '../families/files/file-session.js';
import { checkStore, listedStoreFields, storeEndpoint } from '../families/files/store-spec.js';
import { openTableSession } from '../families/files/table-session.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('hudi', {
  ...filePath({
    pattern: SAFE_FILE_PATH,
    title: 'Table folder',
    description: 'Path of the folder of the table, the one that holds `.hoodie`, with forward slashes.',
    examples: ['lake/orders'],
  }),
  ...listedStoreFields(),
});

/** Hudi tables: schema, record key and partitions by the timeline. */
export const hudi = defineConnector({
  type: 'hudi',
  title: 'Hudi table',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  open: (config, context) =>
    openTableSession(
      config,
      {
        product: 'Hudi table',
        standard: 'Hudi 6 to 9',
        format: 'hudi',
        logs: ['.hoodie', '.hoodie/timeline'],
      },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
