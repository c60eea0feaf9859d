import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { AppError } from '../../common/app-error.js';
import { accountForPostgres } from './account.js';
import { findBinaries, type Binaries } from './binaries.js';
import { give, openServerFolder, secretIn, type ServerFolder } from './folder.js';
import { lockInstance } from './instance-lock.js';
import { isRunning } from './process-identity.js';
import { clearLeftovers, readPostmasterFile, stopPostmaster } from './postmaster.js';
import { exitOf, lastWords, launch, logLength } from './server-process.js';
import { watchOver } from './watchdog.js';

const HOST = '127.0.0.1';
const SUPERUSER = 'postgres';
const OWNER = 'datawave';
const START_MS = 30_000;

export interface EmbeddedPostgresOptions {
  /** The data folder of the app; the server lives in its folder `postgres`. Locked for this process. */
  readonly dataDir: string;
  /** Hears of each finished step: a text for people, and how long it took in milliseconds. */
  readonly onStep?: (text: string, ms: number) => void;
  /** Settings of the server beside ours, such as `{ log_statement: 'all' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A running PostgreSQL of our own, on loopback with passwords. */
export interface EmbeddedPostgres {
  readonly host: string;
  readonly port: number;
  /** Such as `18.4`. */
  readonly version: string;
  /** URL of database `datawave` for its owner, role `datawave`: CREATEROLE, CREATEDB, neither superuser nor BYPASSRLS. */
  readonly ownerUrl: string;
  /** URL of database `postgres` for the superuser; the product itself never uses it. */
  readonly superuserUrl: string;
  /** Stops the server (fast, after 5 s immediate) and frees the data folder. Never rejects; safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL from the npm binaries on a data folder, and makes the folder on first use. Whatever a killed app
 * left behind is put in order first; when our process dies, a watchdog stops the server. It works for root (the server
 * runs under another account) and for ordinary users.
 *
 * Rejects with CONFLICT where another process uses the folder, with DATABASE_UNAVAILABLE where no server can run.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const lock = lockInstance(dataDir);
  try {
    const path = join(dataDir, 'postgres');
    const folder = openServerFolder(path, accountForPostgres(path));
    try {
      const server = await start(folder, options);
      return { ...server, stop: once(() => server.stop().finally(() => lock.release())) };
    } finally {
      folder.close();
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The owner's URL of the server that an app runs on this data folder now; undefined where none runs, or where this
 * account may not read its password.
 */
export function runningOwnerUrl(dataDir: string): string | undefined {
  const path = join(resolve(dataDir), 'postgres');
  const file = readPostmasterFile(join(path, 'cluster'));
  if (file?.ready !== true || !isRunning(file.pid)) return undefined;
  try {
    return urlOf(OWNER, readFileSync(join(path, 'owner.password'), 'utf8').trim(), OWNER, file.port);
  } catch {
    return undefined;
  }
}

function urlOf(user: string, password: string, database: string, port: number): string {
  return `postgres://${user}:${password}@${HOST}:${String(port)}/${database}`;
}

async function start(folder: ServerFolder, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const step = timer(options.onStep);
  const binaries = findBinaries(folder.account, folder.path);
  const bin = join(binaries.folder, 'bin');
  const cluster = join(folder.path, 'cluster');
  if (binaries.copied) step('PostgreSQL copied to where its account can read it');
  if (await clearLeftovers(cluster, bin)) step('PostgreSQL of an earlier run stopped');
  const superuserPassword = secretIn(folder, 'superuser.password');
  const ownerPassword = secretIn(folder, 'owner.password');
  if (!existsSync(cluster)) {
    await initialize(folder, bin);
    step('PostgreSQL data folder created');
  }
  checkMajor(cluster, binaries);
  const { pid, port } = await run(folder, bin, options.settings ?? {});
  const watchdog = watchOver(pid, cluster, bin);
  const superuserUrl = urlOf(SUPERUSER, superuserPassword, 'postgres', port);
  const stop = async (): Promise<void> => {
    await stopPostmaster(pid, bin);
    watchdog.dismiss();
  };
  try {
    const version = await ensureOwner(superuserUrl, ownerPassword);
    step(`PostgreSQL ${version} started`);
    return {
      host: HOST,
      port,
      version,
      superuserUrl,
      ownerUrl: urlOf(OWNER, ownerPassword, OWNER, port),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the data folder under another name first: one that was interrupted is never taken for a whole one. */
async function initialize(folder: ServerFolder, bin: string): Promise<void> {
  const draftPrefix = 'cluster.part';
  for (const name of readdirSync(folder.path))
    if (name.startsWith(draftPrefix)) rmSync(join(folder.path, name), { recursive: true, force: true });
  mkdirSync(join(folder.path, draftPrefix), { mode: 0o700 });
  give(join(folder.path, draftPrefix), folder.account);
  const from = logLength(folder);
  // The builtin locale: the same order on every platform, and no index to rebuild when the C library changes.
  const child = launch(folder, join(bin, 'initdb'), [
    `--pgdata=${folder.inside(draftPrefix)}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${folder.inside('superuser.password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ]);
  if ((await exitOf(child)) !== 0) throw failed('The PostgreSQL data folder cannot be created', folder, from);
  renameSync(join(folder.path, draftPrefix), join(folder.path, 'cluster'));
}

function checkMajor(cluster: string, { major }: Binaries): void {
  const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (found === major) return;
  throw new AppError(
    'DATABASE_UNAVAILABLE',
    `The data folder is of PostgreSQL ${found}, the installed one is ${major}.`,
    {
      hint: 'Use another DATA_DIR, or install the package version that made this one and move the data by pg_dump.',
    },
  );
}

/** Starts the server on its last port if that is free, else on another one. */
async function run(
  folder: ServerFolder,
  bin: string,
  settings: Readonly<Record<string, string>>,
): Promise<{ pid: number; port: number }> {
  const portFile = join(folder.path, 'port');
  const last = existsSync(portFile) ? Number(readFileSync(portFile, 'utf8')) || 0 : 0;
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? last : 0);
    const from = logLength(folder);
    const all: Record<string, string> = {
      listen_addresses: HOST,
      port: String(port),
      unix_socket_directories: '',
      password_encryption: 'scram-sha-256',
      logging_collector: 'off',
      // Passwords are in statements: a failed one must not bring them into the log.
      log_min_error_statement: 'panic',
      timezone: 'UTC',
      log_timezone: 'UTC',
      max_connections: '200',
      ...settings,
    };
    const args = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = launch(folder, join(bin, 'postgres'), ['-D', folder.inside('cluster'), ...args]);
    let exited: number | undefined;
    void exitOf(child).then(
      (code) => (exited = code),
      () => (exited = 127),
    );
    const end = performance.now() + START_MS;
    while (exited === undefined && performance.now() < end) {
      const file = readPostmasterFile(join(folder.path, 'cluster'));
      if (child.pid !== undefined && file?.pid === child.pid && file.ready) {
        child.unref();
        writeFileSync(portFile, String(port));
        return { pid: child.pid, port };
      }
      await pause(10);
    }
    if (exited === undefined && child.pid !== undefined) await stopPostmaster(child.pid, bin);
    // The port may have been taken in between; children of a killed server hold its memory for a moment.
    if (attempt >= 20 || !/Address already in use|shared memory block/.test(lastWords(folder, from)))
      throw failed('PostgreSQL does not start', folder, from);
    await pause(attempt === 1 ? 0 : 250);
  }
}

function failed(what: string, folder: ServerFolder, from: number): AppError {
  const why = lastWords(folder, from);
  return new AppError('DATABASE_UNAVAILABLE', why === '' ? `${what}.` : `${what}: ${why}`, {
    hint: `See ${join(folder.path, 'server.log')}, or set DATABASE_URL to a PostgreSQL of yours.`,
  });
}

/** Makes the role and the database of the product where they are missing; gives back the version of the server. */
async function ensureOwner(superuserUrl: string, password: string): Promise<string> {
  const client = new pg.Client({ connectionString: superuserUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; role: boolean; database: boolean }>(
      `SELECT current_setting('server_version') AS version,
              EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS role,
              EXISTS (SELECT FROM pg_database WHERE datname = $1) AS database`,
      [OWNER],
    );
    const secret = client.escapeLiteral(password);
    if (!rows[0]?.role)
      await client.query(
        `CREATE ROLE ${OWNER} LOGIN CREATEROLE CREATEDB NOSUPERUSER NOBYPASSRLS PASSWORD ${secret}`,
      );
    if (!rows[0]?.database) await client.query(`CREATE DATABASE ${OWNER} OWNER ${OWNER}`);
    // Other logins of this server, such as the one of the demo source, have no business in the product's database.
    await client.query(`REVOKE ALL ON DATABASE ${OWNER} FROM PUBLIC`);
    return rows[0]?.version ?? '';
  } catch {
    throw new AppError('DATABASE_UNAVAILABLE', 'PostgreSQL runs, but refuses its superuser.', {
      hint: 'The password files of the data folder do not fit its server: use another DATA_DIR.',
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The wanted port if it is free, else any free one. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  return new Promise<number>((resolvePort, reject) => {
    server.once('error', (error) => (wanted === 0 ? reject(error) : resolvePort(freePort(0))));
    server.listen(wanted, HOST, () => {
      const address = server.address();
      server.close(() => resolvePort(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function timer(onStep: EmbeddedPostgresOptions['onStep']): (text: string) => void {
  let since = performance.now();
  return (text) => {
    const now = performance.now();
    onStep?.(text, now - since);
    since = now;
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
