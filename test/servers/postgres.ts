import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { makeTlsMaterial } from '../support/certificates.js';
import type { Running, TestServer } from './server-types.js';

/** Starts the product's own PostgreSQL in `folder`, with TLS on offer and no durability. */
export async function startPostgres(folder: string): Promise<Running> {
  mkdirSync(folder, { recursive: true });
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const postgres = await startEmbeddedPostgres({ dataDir: folder, settings });
  const cluster = join(folder, 'postgres', 'cluster');
  const tls = makeTlsMaterial();
  const { uid, gid } = statSync(cluster);
  for (const [name, text] of Object.entries({
    'server.crt': tls.server.cert,
    'server.key': tls.server.key,
    'root.crt': tls.ca,
  })) {
    writeFileSync(join(cluster, name), text, { mode: 0o600 });
    chownSync(join(cluster, name), uid, gid);
  }
  const client = new pg.Client({ connectionString: postgres.superuserUrl });
  await client.connect();
  await client.query("ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
  await client.query('ALTER SYSTEM SET ssl = on');
  await client.query('SELECT pg_reload_conf()');
  await client.end();
  const { hostname, port, username, password } = new URL(postgres.superuserUrl);
  const server: TestServer = { host: hostname, port: Number(port), username, password, tls, pid: 0 };
  return { server, stop: () => postgres.stop() };
}
