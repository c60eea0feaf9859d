import type { Engine, EngineName, Row } from './protocol.js';

/** What may be said of a file is known without anything that these could reach: no file, no network, no extension. */
const DUCKDB_OPTIONS = {
  access_mode: 'READ_ONLY',
  enable_external_access: 'false',
  autoload_known_extensions: 'false',
  autoinstall_known_extensions: 'false',
  allow_community_extensions: 'false',
  allow_unsigned_extensions: 'false',
  memory_limit: '256MB',
  threads: '1',
  lock_configuration: 'true',
} as const;

export const ENGINES: Readonly<Record<EngineName, (path: string) => Promise<Engine>>> = {
  async duckdb(path) {
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(path, DUCKDB_OPTIONS);
    const connection = await instance.connect();
    const all = async (sql: string, params: readonly (string | number)[]): Promise<readonly Row[]> =>
      (await connection.runAndReadAll(sql, [...params])).getRowObjectsJson();
    const [first] = await all('SELECT version() AS version', []);
    return { version: String(first?.version).replace(/^v/, ''), all };
  },

  async sqlite(path) {
    const { default: Database } = await import('libsql');
    // Only the URI makes it read-only: the option of that name does nothing in libsql. Immutable: it takes no locks and
    // writes no files beside it.
    const uri = `file:${encodeURI(path).replaceAll('?', '%3f').replaceAll('#', '%23')}?mode=ro&immutable=1`;
    const database = new Database(uri);
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA case_sensitive_like = ON');
    const all = (sql: string, params: readonly (string | number)[]): Promise<readonly Row[]> =>
      Promise.resolve(database.prepare(sql).all(...params) as Row[]);
    const [first] = await all(
      'SELECT sqlite_version() AS version, count(*) AS entries FROM sqlite_schema',
      [],
    );
    return { version: String(first?.version), all };
  },
};
