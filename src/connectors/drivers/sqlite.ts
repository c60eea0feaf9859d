import { embeddedConnector } from '../families/embedded/embedded-connector.js';
import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { connectionSpec, filePath } from '../spi/index.js';
import { sqliteCatalog } from './sqlite/catalog.js';

const spec = connectionSpec('sqlite', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['app.sqlite'] }),
});

/** SQLite 3 files in the organization's folder, read-only and by a process of their own. What is only in a WAL is not seen. */
export const sqlite = embeddedConnector(
  { type: 'sqlite', title: 'SQLite', spec, driver: 'libsql', install: 'libsql@0.5.29' },
  { engine: 'sqlite', product: 'SQLite', catalogVersion: 'sqlite-1', read: sqliteCatalog },
  ({ file_path }) => file_path,
);
