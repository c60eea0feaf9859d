import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { assertBegins } from '../families/files/magic.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('parquet', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['events/2026-01.parquet'] }),
  ...storeFields(),
});

/** Parquet: columns and rows by the footer alone, whatever the size of the file. */
export const parquet = defineConnector({
  type: 'parquet',
  title: 'Parquet file',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open: (config, context) =>
    openFileSession(
      config,
      {
        product: 'Parquet file',
        standard: 'Apache Parquet 2',
        reader: { format: 'parquet' },
        check: (head) => {
          assertBegins(head, 'PAR1', 'Parquet');
        },
      },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
