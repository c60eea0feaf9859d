import { Type } from 'typebox';
import { AppError } from '../../common/app-error.js';
import { ENCODINGS, type CsvOptions } from '../families/files/analysis.js';
import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('csv', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['orders.csv'] }),
  delimiter: Type.Optional(
    Type.String({
      title: 'Delimiter',
      description:
        'One character between two fields, such as a comma or a tab; found out by itself if left out.',
      minLength: 1,
      maxLength: 1,
      pattern: '^[\\u0001\\t\\u001c-\\u001f !#-&(-/:-@\\[-`{-~]$',
      'x-group': 'format',
    }),
  ),
  quote: Type.Optional(
    Type.Enum(['"', "'", 'none'], {
      title: 'Quote',
      description: 'What fields are wrapped in; `none` takes quotes as text.',
      'x-group': 'format',
    }),
  ),
  has_header: Type.Optional(
    Type.Boolean({
      title: 'Has a header',
      description: 'Whether the first line names the columns; found out by itself if left out.',
      'x-group': 'format',
    }),
  ),
  encoding: Type.Optional(
    Type.Enum([...ENCODINGS], {
      title: 'Encoding',
      description: 'By byte order mark, else UTF-8, else latin-1 if left out.',
      'x-group': 'format',
    }),
  ),
  ...storeFields(),
});

/** CSV, TSV and their like, plain or gzip. */
export const csv = defineConnector({
  type: 'csv',
  title: 'CSV file',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open(config, context) {
    const options: CsvOptions = {
      delimiter: config.delimiter,
      quote: config.quote,
      hasHeader: config.has_header,
      encoding: config.encoding,
    };
    return openFileSession(
      config,
      {
        product: 'CSV file',
        standard: 'RFC 4180',
        reader: (sample) => ({ format: 'csv', sample, options }),
        check: (head) => {
          if (!options.encoding?.startsWith('utf-16') && !hasUtf16Mark(head) && head.includes(0))
            throw notText();
        },
      },
      context,
    );
  },

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});

function hasUtf16Mark([one, two]: Uint8Array): boolean {
  return (one === 0xff && two === 0xfe) || (one === 0xfe && two === 0xff);
}

function notText(): AppError {
  return new AppError('FILE_UNREADABLE', 'The file is not text: it holds NUL bytes.', {
    hint: 'For UTF-16 without a byte order mark set `encoding`.',
  });
}
