import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { accountForPostgres, type Account } from '../../src/platform/embedded-postgres/account.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { findProgram, freePort } from '../../test/servers/server-process.js';

export interface BenchServer {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly version: string;
  /** Programs of the same version, where there are any; the npm binaries have none. */
  readonly pgDump: string | undefined;
  readonly psql: string | undefined;
  stop(): Promise<void>;
}

const SETTINGS = {
  fsync: 'off',
  max_locks_per_transaction: '512',
  shared_buffers: '256MB',
  autovacuum: 'off',
};
const run = promisify(execFile);

/** A PostgreSQL with its pg_dump where one is installed, else the one of the npm packages, in a folder for this run. */
export async function startServer(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-discovery-'));
  const bin = installed();
  return bin === undefined ? embedded(folder) : own(folder, bin);
}

/** Folder of the programs of an installed server, newest first. */
function installed(): string | undefined {
  const root = '/usr/lib/postgresql';
  const beside = findProgram('pg_dump');
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return [
    ...versions.map((version) => join(root, version, 'bin')),
    beside?.replace(/\/pg_dump$/, '') ?? root,
  ].find((folder) => ['postgres', 'initdb', 'pg_dump'].every((program) => existsSync(join(folder, program))));
}

async function embedded(folder: string): Promise<BenchServer> {
  const server = await startEmbeddedPostgres({ dataDir: folder, settings: SETTINGS });
  const { hostname, port, username, password } = new URL(server.superuserUrl);
  return {
    host: hostname,
    port: Number(port),
    username,
    password,
    version: server.version,
    pgDump: undefined,
    psql: undefined,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function own(folder: string, bin: string): Promise<BenchServer> {
  const account = accountForPostgres(folder);
  const as = account ? { uid: account.uid, gid: account.gid } : {};
  give(folder, account);
  const password = 'bench';
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password);
  give(passwordFile, account);
  const data = join(folder, 'data');
  const initialize = ['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  await run(join(bin, 'initdb'), [...initialize, '--locale=C.UTF-8', '-E', 'UTF8'], { ...as, cwd: '/' });
  const port = await freePort();
  const settings = {
    ...SETTINGS,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...options], { ...as, cwd: '/', stdio: 'ignore' });
  const ended = once(server, 'exit');
  const target = { host: '127.0.0.1', port, username: 'postgres', password };
  const version = await untilReady(target);
  return {
    ...target,
    version,
    pgDump: join(bin, 'pg_dump'),
    psql: join(bin, 'psql'),
    stop: async () => {
      server.kill('SIGINT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function give(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}

async function untilReady(target: {
  host: string;
  port: number;
  username: string;
  password: string;
}): Promise<string> {
  const end = performance.now() + 30_000;
  for (;;) {
    const client = new pg.Client({ ...target, user: target.username, database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      return rows[0]?.server_version ?? '';
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((done) => setTimeout(done, 50));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
