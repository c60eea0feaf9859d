import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { Running } from './server-types.js';
import { unprivileged } from './unprivileged.js';

const run = promisify(execFile);

/**
 * Older versions than the product's own, from the cache: TLS on offer, SCRAM, no durability.
 *
 * @param more settings of the server beside these.
 */
export async function startPostgresVersion(
  major: number,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const file = filesIn(folder);
  const { prefix, own } = unprivileged(folder);
  own(folder);
  const bin = join(copyOf(major, folder), 'bin');
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  own(data);
  const tls = makeTlsMaterial();
  const password = randomBytes(16).toString('hex');
  const initdb = [
    join(bin, 'initdb'),
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${own(file('password', password))}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ];
  const [first = '', ...rest] = [...prefix, ...initdb];
  const env = { LC_ALL: 'C', TZ: 'UTC' };
  await run(first, rest, { env, cwd: folder });
  const port = await freePort();
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    ssl: 'on',
    ssl_ca_file: own(file('root.crt', tls.ca)),
    ssl_cert_file: own(file('server.crt', tls.server.cert)),
    ssl_key_file: own(file('server.key', tls.server.key)),
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    logging_collector: 'off',
    ...more,
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const command = [...prefix, join(bin, 'postgres'), '-D', data, ...options];
  const running = await ServerProcess.start(command, join(folder, 'postgres.log'), env);
  const login = { host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' };
  await running.untilReady(async () => {
    const client = new pg.Client({ ...login, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
  });
  return {
    server: { host: '127.0.0.1', port, username: 'postgres', password, tls, pid: running.pid },
    // Not killed: a segment of shared memory would stay in the system.
    stop: () => running.stop('QUIT'),
  };
}

/** The binaries where the account of the server can read them, with the links that npm's install script would make. */
function copyOf(major: number, folder: string): string {
  const packaged = cached('npm', 'node_modules', `postgres-${String(major)}`);
  const native = join(folder, 'native');
  cpSync(join(packaged, 'native'), native, { recursive: true });
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) symlinkSync(basename(source), join(folder, target));
  return native;
}
