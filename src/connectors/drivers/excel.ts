import { Type } from 'typebox';
import { AppError } from '../../common/app-error.js';
import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { fileRemedy, openFileSession } from '../families/files/file-session.js';
import { assertBegins } from '../families/files/magic.js';
import { checkStore, storeEndpoint, storeFields } from '../families/files/store-spec.js';
import { connectionSpec, defineConnector, filePath } from '../spi/index.js';

const spec = connectionSpec('excel', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['reports/2026.xlsx'] }),
  has_header: Type.Optional(
    Type.Boolean({
      title: 'Has a header',
      description: 'Whether the first row of each sheet names the columns; found out by itself if left out.',
      'x-group': 'format',
    }),
  ),
  ...storeFields(),
});

/** Excel workbooks (.xlsx, .xlsm): each sheet is a dataset. */
export const excel = defineConnector({
  type: 'excel',
  title: 'Excel workbook',
  category: 'file',
  spec,
  capabilities: ['discover', 'presign'],
  concurrency: 'shared',

  open: (config, context) =>
    openFileSession(
      config,
      {
        product: 'Excel workbook',
        standard: 'ECMA-376',
        reader: { format: 'excel', options: { hasHeader: config.has_header } },
        check: (head) => {
          if (isOle(head))
            throw new AppError('FILE_UNREADABLE', 'The file is an old or an encrypted workbook.', {
              hint: 'Save it as an Excel workbook (.xlsx) without a password.',
            });
          assertBegins(head, 'PK', 'Excel (.xlsx)');
        },
      },
      context,
    ),

  check: checkStore,
  endpoint: storeEndpoint,
  remedy: fileRemedy,
});

/** The container of .xls, and of .xlsx with a password. */
const OLE = [0xd0, 0xcf, 0x11, 0xe0];
const isOle = (head: Uint8Array): boolean => OLE.every((byte, index) => head[index] === byte);
