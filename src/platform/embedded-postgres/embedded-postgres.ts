import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { AppError } from '../../common/app-error.js';
import { accountForPostgres } from './account.js';
import { findBinaries } from './binaries.js';
import { checkMajor, initialize, SUPERUSER } from './cluster.js';
import { openServerFolder, secretIn, type ServerFolder } from './folder.js';
import { lockInstance } from './instance-lock.js';
import { clearLeftovers, readPostmasterFile } from './postmaster.js';
import { isRunning } from './process-identity.js';
import { HOST, RunningServer } from './running-server.js';

/** Role and database of the product. */
const OWNER = 'datawave';

export interface EmbeddedPostgresOptions {
  /** The data folder of the app; the server lives in its folder `postgres`. Locked for this process. */
  readonly dataDir: string;
  /** Ports that this process is about to listen on: a second start that finds them busy learns of us by the lock. */
  readonly ports?: readonly number[];
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
 * runs under another account) and for ordinary users. A server that ends by itself is started again.
 *
 * Rejects with CONFLICT where another process uses the folder, with DATABASE_UNAVAILABLE where no server can run.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const lock = lockInstance(dataDir, options.ports);
  let folder: ServerFolder | undefined;
  const free = (): void => {
    folder?.close();
    lock.release();
  };
  try {
    const path = join(dataDir, 'postgres');
    folder = openServerFolder(path, accountForPostgres(path));
    const server = await start(folder, options);
    return { ...server, stop: once(() => server.stop().finally(free)) };
  } catch (error) {
    free();
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
  const server = await RunningServer.start(folder, bin, options.settings ?? {});
  const { port } = server;
  const superuserUrl = urlOf(SUPERUSER, superuserPassword, 'postgres', port);
  const ownerUrl = urlOf(OWNER, ownerPassword, OWNER, port);
  try {
    const version = await ensureOwner(superuserUrl, ownerPassword);
    step(`PostgreSQL ${version} started`);
    return { host: HOST, port, version, superuserUrl, ownerUrl, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
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
