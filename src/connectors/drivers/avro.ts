import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { assertBegins } from '../families/files/magic.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('avro', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['events/2026-01.avro'] }),
  ...storeFields(),
});

/** Avro container files: columns by the header. */
export const avro = defineConnector({
  type: 'avro',
  title: 'Avro file',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open: (config, context) =>
    openFileSession(
      config,
      {
        product: 'Avro file',
        standard: 'Apache Avro 1.12',
        reader: { format: 'avro' },
        check: (head) => {
          assertBegins(head, 'Obj\u0001', 'Avro');
        },
      },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});
