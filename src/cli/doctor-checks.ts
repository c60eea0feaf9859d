import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { AppError } from '../common/app-error.js';
import { nativeCode } from '../common/native-code.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { loadPlugins } from '../connectors/plugins/load-plugins.js';
import type { Plugins } from '../connectors/plugins/plugins.js';
import { KeyRing } from '../credentials/key-ring.js';
import { loadConfig, ConfigError, type Config } from '../platform/config/config.js';
import { addressOf } from '../platform/config/public-url.js';
import { pendingMigrations } from '../platform/database/migrate.js';
import { runningOwnerUrl, startEmbeddedPostgres } from '../platform/embedded-postgres/embedded-postgres.js';
import { isProduct, portsOf, whyNotFree, type ListeningPort } from '../ports.js';

/** One line of the doctor's report; `fix` says what to do where it is not `ok`. */
export interface Finding {
  readonly ok: boolean;
  readonly text: string;
  readonly fix?: string;
}

const MIN_NODE = [20, 19] as const;

/** Everything that the product needs from its surroundings, checked one after the other. Starts nothing that stays. */
export async function* reportFor(): AsyncGenerator<Finding> {
  yield node(process.versions.node);
  let config: Config;
  try {
    config = loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) yield { ok: false, text: 'Configuration', fix: fault };
    return;
  }
  yield { ok: true, text: `Configuration (NODE_ENV=${config.env}, ROLE=${config.role})` };
  yield keys(config);
  for (const listening of portsOf(config)) yield await port(config, listening);
  if (config.role !== 'worker') yield publicUrl(config);
  yield* database(config);
  yield await redis(config);
  const plugins = await loadPlugins(config.plugins, config.pluginsDir).catch((error: unknown) => {
    if (error instanceof AppError) return error;
    throw error;
  });
  if (plugins instanceof AppError)
    yield { ok: false, text: plugins.message, fix: plugins.details.hint ?? '' };
  else yield* drivers(plugins);
}

function node(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1]);
  const fix = `Install Node ${MIN_NODE.join('.')} or newer.`;
  return { ok, text: `Node ${version}`, fix };
}

/** Weak keys are faults of the configuration already; here is what is left to say about those that pass. */
function keys({ dataDir, appSecrets, env }: Config): Finding {
  const file = join(dataDir, 'secrets.json');
  const shared = env !== 'production' && existsSync(file) && (statSync(file).mode & 0o077) !== 0;
  if (shared && process.platform !== 'win32')
    return { ok: false, text: 'Others can read the generated secrets', fix: `chmod 600 ${file}` };
  const bytes = Math.min(...appSecrets.map((secret) => Buffer.byteLength(secret)));
  return {
    ok: true,
    text: `Keys (APP_SECRET has ${String(bytes)} bytes, ${String(appSecrets.length)} version(s))`,
  };
}

async function port({ host }: Config, listening: ListeningPort): Promise<Finding> {
  const { name, port: number } = listening;
  if (number === 0) return { ok: true, text: `${name} is 0: a free one is taken` };
  const at = `${host}:${String(number)}`;
  const code = await whyNotFree(host, number);
  if (code === undefined) return { ok: true, text: `${name} ${at} is free` };
  if (code === 'EADDRINUSE' && (await isProduct(host, listening)))
    return { ok: true, text: `${name} ${at} is in use by this product, which runs` };
  const text =
    code === 'EADDRINUSE'
      ? `${name} ${at} is in use by another program`
      : `${name} ${at} cannot be used (${code})`;
  return { ok: false, text, fix: `Stop that program, or set ${name} to another port.` };
}

function publicUrl({ publicUrl: told, host, port: number }: Config): Finding {
  const from = told ?? (number === 0 ? 'the address that is taken' : addressOf({ host, port: number }));
  const source = told === undefined ? 'behind a proxy set PUBLIC_URL' : 'PUBLIC_URL';
  return { ok: true, text: `URLs that the API gives out begin with ${from} (${source})` };
}

async function* database(config: Config): AsyncGenerator<Finding> {
  if (config.databaseUrl !== undefined) {
    yield* databaseAt(config.databaseUrl, 'DATABASE_URL', config);
    return;
  }
  const running = runningOwnerUrl(config.dataDir);
  if (running !== undefined) {
    yield* databaseAt(running, 'embedded, it runs', config);
    return;
  }
  if (!existsSync(join(config.dataDir, 'postgres/cluster'))) {
    yield { ok: true, text: `PostgreSQL will be created in ${config.dataDir} by the first start` };
    return;
  }
  try {
    const server = await startEmbeddedPostgres({ dataDir: config.dataDir });
    try {
      yield* databaseAt(server.ownerUrl, 'embedded, started for this check', config);
    } finally {
      await server.stop();
    }
  } catch (error) {
    yield failed('The embedded PostgreSQL does not start', error);
  }
}

async function* databaseAt(url: string, how: string, config: Config): AsyncGenerator<Finding> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; number: number; makes_roles: boolean }>(
      `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number,
              rolcreaterole OR rolsuper OR EXISTS (
                SELECT FROM pg_auth_members JOIN pg_roles role ON role.oid = roleid
                 WHERE member = me.oid AND role.rolname = 'datawave_app') AS makes_roles
         FROM pg_roles me WHERE rolname = current_user`,
    );
    const { version = 'of unknown version', number = 0 } = rows[0] ?? {};
    if (rows[0]?.makes_roles !== true)
      yield {
        ok: false,
        text: 'The database account may not make the roles that the product works under',
        fix: 'As an administrator of that server: ALTER ROLE <the account of DATABASE_URL> CREATEROLE;',
      };
    else if (number < 130_000)
      yield { ok: false, text: `PostgreSQL ${version} is too old`, fix: 'Use PostgreSQL 13 or newer.' };
    else yield { ok: true, text: `PostgreSQL ${version} (${how})` };
    const pending = await pendingMigrations(url);
    yield {
      ok: !pending,
      text: pending ? 'Migrations are pending' : 'Migrations are up to date',
      fix: 'Start the product once with MIGRATE_ON_START=true (the default).',
    };
    if (!pending) yield await wrappedKeys(client, config);
  } catch (error) {
    yield failed(`The database (${how}) does not answer`, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Under which application secret the keys of the organizations are. */
async function wrappedKeys(client: pg.Client, config: Config): Promise<Finding> {
  const ring = new KeyRing(config);
  const [, , answer] = (await client.query(
    `BEGIN; SET LOCAL ROLE datawave_scheduler;
     SELECT kek_version AS version, count(DISTINCT org_id)::integer AS organizations
       FROM organization_keys WHERE state <> 'destroyed' GROUP BY kek_version; ROLLBACK`,
  )) as unknown as pg.QueryResult<{ version: string; organizations: number }>[];
  const count = (which: (version: string) => boolean): number =>
    (answer?.rows ?? []).reduce((sum, row) => sum + (which(row.version) ? row.organizations : 0), 0);
  const lost = count((version) => !ring.versions.includes(version));
  if (lost > 0)
    return {
      ok: false,
      text: `The keys of ${String(lost)} organizations are under an application secret that is not in APP_SECRET`,
      fix: 'Add it to APP_SECRET, after the new one and a comma.',
    };
  const older = count((version) => version !== ring.current);
  const text =
    older === 0
      ? 'All stored secrets can be read, with the first APP_SECRET alone'
      : `All stored secrets can be read; ${String(older)} organizations still need an older APP_SECRET: npm run keys -- rewrap`;
  return { ok: true, text };
}

/** A driver's message may hold a secret: only its code is shown. */
function failed(text: string, error: unknown): Finding {
  if (error instanceof AppError) return { ok: false, text: error.message, fix: error.details.hint ?? text };
  const fix = 'Check that the server runs and that the URL, the account and its password are right.';
  return { ok: false, text: `${text} (${nativeCode(error) ?? 'no code'})`, fix };
}

async function redis({ redisUrl }: Config): Promise<Finding> {
  if (redisUrl === undefined)
    return { ok: true, text: 'Redis is not used (no REDIS_URL): jobs go through PostgreSQL' };
  const client = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '';
    return { ok: true, text: `Redis ${version}` };
  } catch {
    return {
      ok: false,
      text: 'Redis does not answer',
      fix: 'Start it, mend REDIS_URL, or leave REDIS_URL out.',
    };
  } finally {
    client.disconnect();
  }
}

function* drivers(plugins: Plugins): Generator<Finding> {
  const registry = new ConnectorRegistry(plugins);
  const all = registry.list();
  const missing = all.filter((connector) => !registry.installed(connector));
  for (const { title, driver } of missing)
    yield { ok: false, text: `The driver for ${title} is not installed`, fix: `npm install ${driver ?? ''}` };
  const installed = all.filter((connector) => !missing.includes(connector)).map(({ type }) => type);
  yield { ok: true, text: `Connectors: ${installed.join(', ')}` };
}
