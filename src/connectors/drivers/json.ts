import { Type } from 'typebox';
import { AppError } from '../../common/app-error.js';
import type { JsonOptions } from '../families/files/analysis.js';
import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('json', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['events/2026-01.ndjson'] }),
  layout: Type.Optional(
    Type.Enum(['lines', 'document'], {
      title: 'Layout',
      description:
        'lines: one value per line (NDJSON); document: one value, where an array holds the records; found out by itself if left out.',
      'x-group': 'format',
    }),
  ),
  ...storeFields(),
});

/** What a JSON text can begin with; `\s` takes in the byte order mark. */
const BEGINNING = /^\s*(?:$|[[{"\-\dtfn])/;

/** JSON documents and NDJSON, plain or gzip. */
export const json = defineConnector({
  type: 'json',
  title: 'JSON file',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open(config, context) {
    const options: JsonOptions = { layout: config.layout };
    return openFileSession(
      config,
      {
        product: 'JSON file',
        standard: 'RFC 8259',
        reader: (sample) => ({ format: 'json', sample, options }),
        check: (head) => {
          if (!BEGINNING.test(beginning(head)))
            throw new AppError('FILE_UNREADABLE', 'The file is not JSON: it goes wrong at its beginning.');
        },
      },
      context,
    );
  },

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});

function beginning(head: Uint8Array): string {
  const wide = head[0] === 0xff || head[0] === 0xfe;
  // Either order of the two bytes of UTF-16: all that may stand at the beginning is ASCII.
  return Buffer.from(wide ? head.subarray(2).filter((byte) => byte !== 0) : head).toString('utf8');
}
