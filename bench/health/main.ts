/**
 * `npm run bench:health`: what it costs one worker to watch 10,000 registered sources on one PostgreSQL, each checked
 * once a minute: processor time for each check (claim, ping over a pooled session, judgement, storing), lateness,
 * memory for each registered source. The least that is possible runs beside it: bare `SELECT 1` by pg.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { loadConfig } from '../../src/platform/config/config.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { machine, printTable } from '../report.js';
import { Sources } from './sources.js';
import type { Usage } from './worker.js';

const SOURCES = Number(process.env.BENCH_SOURCES ?? 10_000);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 120);
const INTERVAL_S = 60;
/** Every source has been checked once, with its configuration read, when this is over. */
const WARM_S = Number(process.env.BENCH_WARM_SECONDS ?? 90);
/** Sources that are there before memory is first measured: their checks have loaded every driver and statement. */
const BASE = 50;
const PASSWORD = 'bench';
const TYPESCRIPT = new URL('../../test/support/typescript.mjs', import.meta.url).href;

const dataDir = mkdtempSync(join(tmpdir(), 'bench-health-'));
const server = await startEmbeddedPostgres({ dataDir: join(dataDir, 'product') });
// A server of its own: the product refuses to register the one that it stands on.
const source = await startEmbeddedPostgres({ dataDir: join(dataDir, 'source') });
const children: ChildProcess[] = [];

interface Bare {
  readonly checks: number;
  readonly userUs: number;
  readonly systemUs: number;
}

try {
  await makeSource();
  await migrate(server.ownerUrl);
  const env = {
    ...process.env,
    NODE_ENV: 'development',
    DATA_DIR: join(dataDir, 'product'),
    DATABASE_URL: server.ownerUrl,
    LOG_LEVEL: 'error',
  };
  const worker = start('worker.ts', [], { ...env, ROLE: 'worker' });
  await once(worker, 'message');
  const registered = await Sources.open(loadConfig({ ...env, ROLE: 'api' }), addressOf());
  await registered.first();
  await registered.copies(BASE - 1);
  await pause(INTERVAL_S * 1_100);
  const empty = await usageOf(worker);
  await registered.copies(SOURCES - BASE);
  await registered.close();
  await pause(WARM_S * 1_000);
  // At the same time: on a shared machine the cost of a system call moves by a factor within minutes.
  const bareRun = runBare();
  const before = await usageOf(worker);
  await pause(SECONDS * 1_000);
  const after = await usageOf(worker);
  const bare = await bareRun;
  const gone = once(worker, 'exit');
  worker.send('stop');
  await gone;
  print(empty, before, after, bare);
} finally {
  for (const child of children) if (child.exitCode === null) child.kill();
  await source.stop();
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

function addressOf() {
  return { host: source.host, port: source.port, database: 'source', username: 'reader', password: PASSWORD };
}

async function makeSource(): Promise<void> {
  const client = new pg.Client({ connectionString: source.superuserUrl });
  await client.connect();
  await client.query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`);
  await client.query('CREATE DATABASE source');
  await client.end();
}

function start(file: string, args: string[], env: NodeJS.ProcessEnv): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, args, { execArgv: ['--expose-gc', '--import', TYPESCRIPT], env });
  children.push(child);
  return child;
}

async function usageOf(worker: ChildProcess): Promise<Usage> {
  const answer = once(worker, 'message') as Promise<[Usage]>;
  worker.send('usage');
  return (await answer)[0];
}

async function runBare(): Promise<Bare> {
  const { host, port, database, username, password } = addressOf();
  const url = `postgres://${username}:${password}@${host}:${String(port)}/${database}`;
  const child = start('bare.ts', [url, String(SOURCES / INTERVAL_S), String(SECONDS)], process.env);
  const [answer] = (await once(child, 'message')) as [Bare];
  return answer;
}

/** The lateness in seconds that 99 % of the checks stayed below, from the histogram between two moments. */
function p99(before: Usage, after: Usage): number {
  const within = after.lateness.map(
    ([bound, count], at) => [bound, count - (before.lateness[at]?.[1] ?? 0)] as const,
  );
  const total = within.at(-1)?.[1] ?? 0;
  const at = within.findIndex(([, count]) => count >= 0.99 * total);
  const [bound = Infinity, count = 0] = within[at] ?? [];
  const [low = 0, below = 0] = within[at - 1] ?? [];
  return low + ((bound - low) * (0.99 * total - below)) / Math.max(1, count - below);
}

function print(empty: Usage, before: Usage, after: Usage, bare: Bare): void {
  const total = (usage: Usage): number => Object.values(usage.checks).reduce((sum, each) => sum + each, 0);
  const checks = total(after) - total(before);
  const ok = (after.checks.ok ?? 0) - (before.checks.ok ?? 0);
  const userUs = after.userUs - before.userUs;
  const systemUs = after.systemUs - before.systemUs;
  const cpuUs = userUs + systemUs;
  const wallUs = (after.atMs - before.atMs) * 1_000;
  const perCheck = cpuUs / checks;
  const barePerCheck = (bare.userUs + bare.systemUs) / bare.checks;
  const parts = (user: number, system: number, count: number): string =>
    `${(user / count).toFixed(0)} + ${(system / count).toFixed(0)} us`;
  const perSource = (after.heap - empty.heap) / (SOURCES - BASE);
  const late = p99(before, after);
  const verdict = (value: number, goal: number): string => (value <= goal ? 'reached' : 'missed');
  console.log(machine());
  console.log(
    `${String(SOURCES)} sources on one PostgreSQL, every ${String(INTERVAL_S)} s; ${String(checks)} checks in ${String(SECONDS)} s, ${String(checks - ok)} not ok\n`,
  );
  printTable(
    ['figure', 'measured', 'goal', ''],
    [
      ['client CPU per check, all in', `${perCheck.toFixed(0)} us`, '190 us', verdict(perCheck, 190)],
      ['  in the process + in the kernel', parts(userUs, systemUs, checks), '', ''],
      ['bare SELECT 1 by pg, meanwhile', `${barePerCheck.toFixed(0)} us`, '', ''],
      ['  in the process + in the kernel', parts(bare.userUs, bare.systemUs, bare.checks), '', ''],
      ['ratio', (perCheck / barePerCheck).toFixed(2), '', ''],
      ['share of a core', `${((100 * cpuUs) / wallUs).toFixed(1)} %`, '5 %', verdict(cpuUs / wallUs, 0.05)],
      ['lateness p99', `${(late * 1_000).toFixed(0)} ms`, '1000 ms', verdict(late, 1)],
      ['heap per registered source', `${perSource.toFixed(0)} B`, '2048 B', verdict(perSource, 2_048)],
      ['resident memory of the worker', `${(after.rss / 2 ** 20).toFixed(0)} MB`, '', ''],
      ['checks against due', (checks / ((SOURCES / INTERVAL_S) * (wallUs / 1e6))).toFixed(3), '1', ''],
    ],
  );
}
