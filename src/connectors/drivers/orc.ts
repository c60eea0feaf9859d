import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { assertBegins } from '../families/files/magic.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('orc', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['events/2026-01.orc'] }),
  ...storeFields(),
});

/** ORC: columns and rows by the footer alone. */
export const orc = defineConnector({
  type: 'orc',
  title: 'ORC file',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open: (config, context) =>
    openFileSession(
      config,
      {
        product: 'ORC file',
        standard: 'Apache ORC 1',
        reader: { format: 'orc' },
        check: (head) => {
          assertBegins(head, 'ORC', 'ORC');
        },
      },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
