/**
 * `npm run bench:pool`: 1,000 callers at once read rows by their key over 50 connections to PostgreSQL: by withSession,
 * each caller with a session for itself and with sessions that are shared; by pg.Pool; by pg through PgBouncer. Beside
 * them 50 callers with a bare connection each. Then the pool is resized ten times under this load.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { startPgBouncer } from '../../test/servers/pgbouncer.js';
import { machine, median, pairedRatio, printTable } from '../report.js';
import type { LoadFigures } from './load.js';
import { ROWS, type Answer, type Ask, type Server } from './kv.js';

const CALLERS = Number(process.env.BENCH_CALLERS ?? 1_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 10);
const POOL = 50;
const SIZES = [10, 80, 20, 60, 10, 80, 30, 70, 15, 50];
const TYPESCRIPT = new URL('../../test/support/typescript.mjs', import.meta.url).href;
const VARIANT = fileURLToPath(new URL('variant.ts', import.meta.url));

/** One way to the server, and what was seen of it. */
interface Contender {
  readonly name: string;
  readonly callers: number;
  readonly server: Server;
  readonly figures: LoadFigures[];
  connections: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-pool-'));
// PostgreSQL runs under another account than root, and its data is in here.
chmodSync(folder, 0o711);
const own = await startEmbeddedPostgres({ dataDir: join(folder, 'product') });
const bouncer = await startPgBouncer(join(folder, 'source'), { size: POOL, clients: CALLERS + 100 });
const { host, port, serverPort, username, password } = bouncer.server;
const source: Server = { host, port: serverPort, database: 'postgres', username, password };
const watch = new pg.Client({ host, port: serverPort, user: username, password, database: 'postgres' });
const children = new Set<ChildProcess>();
const env = {
  ...process.env,
  NODE_ENV: 'development',
  DATA_DIR: join(folder, 'product'),
  DATABASE_URL: own.ownerUrl,
  LOG_LEVEL: 'error',
  ROLE: 'all',
};

try {
  await migrate(own.ownerUrl);
  await watch.connect();
  await watch.query('CREATE TABLE kv (id int PRIMARY KEY, v text NOT NULL)');
  await watch.query('INSERT INTO kv SELECT i, md5(i::text) FROM generate_series(1, $1) i', [ROWS]);
  await watch.query('ANALYZE kv');
  const through: Server = { ...source, port };
  const contenders: Contender[] = [
    contender('withSession', CALLERS, source),
    contender('withSession, shared', CALLERS, source),
    contender('pg.Pool', CALLERS, source),
    contender('pg through PgBouncer', CALLERS, through),
    contender('withSession', POOL, source),
    contender('pg, a connection each', POOL, source),
  ];
  for (let round = 0; round < ROUNDS; round++) for (const each of contenders) await run(each);
  printRates(contenders);
  await resizes();
} finally {
  for (const child of children) if (child.exitCode === null) child.kill();
  await watch.end();
  await bouncer.stop();
  await own.stop();
  rmSync(folder, { recursive: true, force: true });
}

function contender(name: string, callers: number, server: Server): Contender {
  return { name, callers, server, figures: [], connections: 0 };
}

async function start({ name, callers, server }: Contender): Promise<ChildProcess> {
  const child = fork(VARIANT, [name, JSON.stringify(server), String(callers)], {
    execArgv: ['--import', TYPESCRIPT],
    env,
  });
  children.add(child);
  const failed = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended early.`)));
  await Promise.race([once(child, 'message'), failed]);
  return child;
}

async function ask(child: ChildProcess, what: Ask): Promise<Answer> {
  const answer = once(child, 'message') as Promise<[Answer]>;
  child.send(what);
  return (await answer)[0];
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.send('stop');
  await gone;
  children.delete(child);
}

async function run(each: Contender): Promise<void> {
  const child = await start(each);
  const asked = ask(child, { seconds: SECONDS });
  await pause((SECONDS * 1_000) / 2);
  each.connections = Math.max(each.connections, await connections());
  each.figures.push(await asked);
  await stop(child);
}

/** Connections that the server itself counts, of the product or of pg in this bench. */
async function connections(): Promise<number> {
  const { rows } = await watch.query<{ count: string }>(
    "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('datawave', 'bench')",
  );
  return Number(rows[0]?.count);
}

function printRates(contenders: readonly Contender[]): void {
  const rates = (each: Contender | undefined): number[] =>
    (each?.figures ?? []).map(({ calls, seconds }) => calls / seconds);
  const [ours, shared, , bouncer, few, bare] = contenders;
  console.log(`${machine()}\n${String(ROUNDS)} rounds of ${String(SECONDS)} s, one after the other\n`);
  printTable(
    ['way', 'callers', 'connections', 'calls/s', 'p50 ms', 'p99 ms', 'client CPU us/call', 'errors'],
    contenders.map((each) => [
      each.name,
      String(each.callers),
      String(each.connections),
      median(rates(each)).toFixed(0),
      median(each.figures.map(({ p50 }) => p50)).toFixed(1),
      median(each.figures.map(({ p99 }) => p99)).toFixed(1),
      median(each.figures.map(({ cpuUs, calls }) => cpuUs / calls)).toFixed(0),
      String(each.figures.reduce((sum, { errors }) => sum + errors, 0)),
    ]),
  );
  const ratio = (a: Contender | undefined, b: Contender | undefined, goal: number): string[] => {
    const value = pairedRatio(rates(a), rates(b));
    return [`${value.toFixed(2)}x`, `>= ${String(goal)}x`, value >= goal ? 'reached' : 'missed'];
  };
  printTable(
    ['ratio of calls/s', 'seen', 'goal', ''],
    [
      ['withSession to pg through PgBouncer', ...ratio(ours, bouncer, 1.2)],
      ['withSession, shared, to pg through PgBouncer', ...ratio(shared, bouncer, 2)],
      ['withSession to the bare driver, 50 callers', ...ratio(few, bare, 0.85)],
    ],
  );
}

/** Ten sizes under load: what callers notice, and how soon the server has as many connections as it should. */
async function resizes(): Promise<void> {
  const child = await start(contender('withSession', CALLERS, source));
  const steady = await ask(child, { seconds: SECONDS });
  const rows: string[][] = [];
  let failed = 0;
  for (const size of SIZES) {
    const figures = ask(child, { seconds: 2 });
    child.send({ size } satisfies Ask);
    const took = await untilCount(size);
    const { errors, p99 } = await figures;
    failed += errors;
    rows.push([String(size), took.toFixed(0), p99.toFixed(1), `${(p99 / steady.p99).toFixed(2)}x`]);
  }
  await stop(child);
  console.log(
    `resizes under load; steady p99 ${steady.p99.toFixed(1)} ms at ${String(POOL)} sessions; ${String(failed)} failed calls\n`,
  );
  printTable(['size', 'on target after ms', 'p99 ms', 'to steady'], rows);
}

async function untilCount(size: number): Promise<number> {
  const from = performance.now();
  while ((await connections()) !== size && performance.now() - from < 10_000) await pause(20);
  return performance.now() - from;
}
