import { embeddedConnector } from '../families/embedded/embedded-connector.js';
import { SAFE_FILE_PATH } from '../families/files/file-path.js';
import { connectionSpec, filePath } from '../spi/index.js';
import { duckdbCatalog } from './duckdb/catalog.js';

const spec = connectionSpec('duckdb', {
  ...filePath({ pattern: SAFE_FILE_PATH, examples: ['analytics.duckdb'] }),
});

/** DuckDB files in the organization's folder, read-only and by a process of their own, which reaches nothing else. */
export const duckdb = embeddedConnector(
  {
    type: 'duckdb',
    title: 'DuckDB',
    spec,
    driver: '@duckdb/node-api',
    install: '@duckdb/node-api@1.5.6-r.1',
  },
  { engine: 'duckdb', product: 'DuckDB', catalogVersion: 'duckdb-1', read: duckdbCatalog },
  ({ file_path }) => file_path,
);
