/**
 * `npm run bench:withSession`: what a call by withSession costs over the same call by the bare driver, one after the
 * other, on PostgreSQL, MariaDB and Redis. Batches of the two alternate; the figure is the median over all batches.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { CATALOGUE } from '../../test/servers/catalogue.js';
import { Product } from '../pool/product.js';
import { machine, median, printTable } from '../report.js';

const BATCHES = Number(process.env.BENCH_ROUNDS ?? 20);
const CALLS = 500;
const GOAL_US = 60;

interface Pair {
  readonly name: string;
  readonly bare: () => Promise<unknown>;
  readonly ours: () => Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-session-'));
// Servers run under another account than root, and their data is in here.
chmodSync(folder, 0o711);
const own = await startEmbeddedPostgres({ dataDir: join(folder, 'product') });
const stops: (() => Promise<unknown>)[] = [() => own.stop()];
Object.assign(process.env, {
  NODE_ENV: 'development',
  DATA_DIR: join(folder, 'product'),
  DATABASE_URL: own.ownerUrl,
  LOG_LEVEL: 'error',
  ROLE: 'all',
});

try {
  await migrate(own.ownerUrl);
  const product = await Product.start();
  stops.unshift(() => product.stop());
  const rows: string[][] = [];
  for (const make of [postgresql, mariadb, redis]) {
    const pair = await make(product);
    rows.push([pair.name, ...(await compare(pair))]);
    await pair.stop();
  }
  console.log(`${machine()}\n${String(BATCHES)} batches of ${String(CALLS)} calls each way\n`);
  printTable(
    ['source', 'bare p50 us', 'withSession p50 us', 'overhead us', 'client CPU us more', 'goal', ''],
    rows,
  );
} finally {
  for (const stop of stops) await stop();
  rmSync(folder, { recursive: true, force: true });
}

async function compare({ bare, ours }: Pair): Promise<string[]> {
  await batch(bare);
  await batch(ours);
  const seen: { readonly bare: Batch; readonly ours: Batch }[] = [];
  for (let i = 0; i < BATCHES; i++) seen.push({ bare: await batch(bare), ours: await batch(ours) });
  const over = median(seen.map((each) => each.ours.p50 - each.bare.p50));
  const cpu = median(seen.map((each) => each.ours.cpu - each.bare.cpu));
  return [
    median(seen.map((each) => each.bare.p50)).toFixed(0),
    median(seen.map((each) => each.ours.p50)).toFixed(0),
    over.toFixed(0),
    cpu.toFixed(0),
    `<= ${String(GOAL_US)} us`,
    over <= GOAL_US ? 'reached' : 'missed',
  ];
}

/** Microseconds of one call. */
interface Batch {
  readonly p50: number;
  readonly cpu: number;
}

async function batch(call: () => Promise<unknown>): Promise<Batch> {
  const took: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < CALLS; i++) {
    const from = performance.now();
    await call();
    took.push((performance.now() - from) * 1_000);
  }
  const { user, system } = process.cpuUsage(cpu);
  return { p50: median(took), cpu: (user + system) / CALLS };
}

async function postgresql(product: Product): Promise<Pair> {
  const running = await CATALOGUE.postgres.start(join(folder, 'postgres'));
  const { host, port, username, password } = running.server;
  const client = new pg.Client({ host, port, user: username, password, database: 'postgres' });
  await client.connect();
  const id = await product.register('postgresql', {
    type: 'postgresql',
    ...{ host, port, username, password, database: 'postgres', tls: { mode: 'disable' } },
  });
  return {
    name: 'PostgreSQL, SELECT $1',
    bare: () => client.query({ text: 'SELECT $1::int', values: ['7'], name: 'seven' }),
    ours: () =>
      product.read(id, ({ query }, signal) =>
        query.query({ text: 'SELECT $1::int', values: ['7'], name: 'seven' }, signal),
      ),
    stop: async () => {
      await client.end();
      await running.stop();
    },
  };
}

async function mariadb(product: Product): Promise<Pair> {
  const running = await CATALOGUE.mariadb.start(join(folder, 'mariadb'));
  const { host, port, username, password } = running.server;
  const connection = await createConnection({ host, port, user: username, password });
  const id = await product.register('mariadb', {
    type: 'mariadb',
    ...{ host, port, username, password, tls: { mode: 'disable' } },
  });
  return {
    name: 'MariaDB, SELECT 7',
    bare: () => connection.query({ sql: 'SELECT 7', rowsAsArray: true }),
    ours: () => product.read(id, ({ query }, signal) => query.query({ text: 'SELECT 7' }, signal)),
    stop: async () => {
      await connection.end();
      await running.stop();
    },
  };
}

async function redis(product: Product): Promise<Pair> {
  const running = await CATALOGUE.redis.start(join(folder, 'redis'));
  const { host, port, username, password } = running.server;
  const client = new Redis({ host, port, username, password });
  const id = await product.register('redis', {
    type: 'redis',
    ...{ host, port, username, password, tls: { mode: 'disable' } },
  });
  return {
    name: 'Redis, PING',
    bare: () => client.ping(),
    ours: () => product.ping(id),
    stop: async () => {
      client.disconnect();
      await running.stop();
    },
  };
}
