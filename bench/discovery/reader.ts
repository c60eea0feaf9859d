import pg from 'pg';
import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import type { DiscoveryRequest, KnownState, Session } from '../../src/connectors/spi/index.js';
import { LoopWatch, processorMs, type LoopFigures } from '../loop-watch.js';
import { BARE_BEGIN, BARE_QUERIES } from './bare.js';
import { cpuMsOf, privateMbOf } from './server-usage.js';

/** One run, in a process of its own so that memory and delays are those of the reader alone. */
export interface Order {
  readonly what: 'full' | 'bare' | 'unchanged' | 'changed';
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

export interface Figures extends LoopFigures {
  readonly ms: number;
  /** Processor time of the reader. */
  readonly cpuMs: number;
  /** Processor time of the server's process; NaN where the system does not tell. */
  readonly serverCpuMs: number;
  /** Growth of the process over its idle size. */
  readonly rssMb: number;
  readonly datasets: number;
  /** Memory of the server's process beside the shared one, at the end. */
  readonly serverMb: number;
}

/** What the last full run of a database found, as the product would know it from its store. */
let known: { token: string; fingerprints: Map<string, Map<string, string>> } | undefined;

process.on('message', (order: Order) => {
  run(order).then(
    (figures) => process.send?.(figures),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});

async function run(order: Order): Promise<Figures> {
  return order.what === 'bare' ? runBare(order) : runOurs(order);
}

async function runBare(order: Order): Promise<Figures> {
  const client = new pg.Client({ ...order, user: order.username });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    return await measured(rows[0]?.pid ?? 0, async () => {
      await client.query(BARE_BEGIN);
      let count = 0;
      for (const text of BARE_QUERIES)
        count += (await client.query<unknown[]>({ text, rowMode: 'array' })).rows.length;
      await client.query('commit');
      return count;
    });
  } finally {
    await client.end();
  }
}

async function runOurs(order: Order): Promise<Figures> {
  const { what, host, port, username, password, database } = order;
  const signal = AbortSignal.timeout(600_000);
  const config = {
    type: 'postgresql',
    host,
    port,
    username,
    password,
    database,
    tls: { mode: 'disable' },
  } as const;
  const admin = new pg.Client({ host, port, user: username, password, database });
  await admin.connect();
  const session = await postgresql.open(config, { signal, locate: (where) => Promise.resolve(where) });
  try {
    const { rows } = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'datawave' and datname = current_database() order by backend_start desc limit 1`,
    );
    const pid = rows[0]?.pid ?? 0;
    if (what === 'full') return await measured(pid, () => full(session, signal));
    const since: KnownState = {
      ...(what === 'unchanged' && known ? { token: known.token } : {}),
      fingerprints: (schema) => Promise.resolve(known?.fingerprints.get(schema) ?? new Map<string, string>()),
    };
    return await measured(pid, () => refresh(session, since, signal));
  } finally {
    await session.close();
    await admin.end();
  }
}

const EVERYTHING: DiscoveryRequest = { include: [], exclude: [], strategy: 'balanced' };

async function full(session: Session<'discover'>, signal: AbortSignal): Promise<number> {
  const fingerprints = new Map<string, Map<string, string>>();
  let datasets = 0;
  let token = '';
  for await (const event of session.discover.discover(EVERYTHING, signal)) {
    if (event.event === 'token') token = event.token;
    if (event.event !== 'dataset') continue;
    datasets += 1;
    const { schema, name } = event.dataset;
    let names = fingerprints.get(schema);
    if (!names) fingerprints.set(schema, (names = new Map<string, string>()));
    names.set(name, event.fingerprint ?? '');
  }
  known = { token, fingerprints };
  return datasets;
}

/** @returns how many datasets were read again. */
async function refresh(
  session: Session<'discover'>,
  since: KnownState,
  signal: AbortSignal,
): Promise<number> {
  let datasets = 0;
  for await (const event of session.discover.discover({ ...EVERYTHING, since }, signal)) {
    if (event.event !== 'dataset') continue;
    datasets += 1;
    known?.fingerprints.get(event.dataset.schema)?.set(event.dataset.name, event.fingerprint ?? '');
  }
  return datasets;
}

async function measured(pid: number, work: () => Promise<number>): Promise<Figures> {
  globalThis.gc?.();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);
  const loop = new LoopWatch();
  const serverBefore = cpuMsOf(pid);
  const cpuBefore = processorMs();
  loop.start();
  const from = performance.now();
  const datasets = await work();
  const ms = performance.now() - from;
  const figures = loop.stop();
  clearInterval(sampler);
  const cpuMs = processorMs() - cpuBefore;
  peak = Math.max(peak, process.memoryUsage.rss());
  return {
    ms,
    ...figures,
    cpuMs,
    serverCpuMs: cpuMsOf(pid) - serverBefore,
    rssMb: (peak - idle) / 2 ** 20,
    datasets,
    serverMb: privateMbOf(pid),
  };
}
