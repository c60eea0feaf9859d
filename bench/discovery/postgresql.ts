import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { TcpProxy } from '../../test/support/tcp-proxy.js';
import { median, pairedRatio, printTable } from '../report.js';
import { BARE_BEGIN, BARE_QUERIES } from './bare.js';
import { generate, shapeOf } from './generate.js';
import type { Figures, Order } from './reader.js';
import { startServer, type BenchServer } from './server.js';
import { STORED_HEADER, storedRows } from './stored.js';

const ROUND_TRIP_MS = 20;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seconds = (ms: number): string => (ms / 1_000).toFixed(3);
const times = (ratio: number): string => (Number.isNaN(ratio) ? '-' : `${ratio.toFixed(2)}x`);

type Target = Pick<Order, 'host' | 'port' | 'username' | 'password' | 'database'>;

/** A process that reads; warm after its first run. */
class Reader {
  private readonly child: ChildProcess = fork(fileURLToPath(new URL('./reader.ts', import.meta.url)), {
    execArgv: [...process.execArgv, '--expose-gc'],
  });

  async run(what: Order['what'], target: Target): Promise<Figures> {
    const answer = new Promise<Figures>((resolve, reject) => {
      const onExit = (): void => reject(new Error('The reader ended.'));
      this.child.once('exit', onExit);
      this.child.once('message', (figures) => {
        this.child.off('exit', onExit);
        resolve(figures as Figures);
      });
    });
    this.child.send({ what, ...target });
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}

/** How long a program takes whose output no one wants. */
async function programMs(program: string | undefined, args: string[], { password }: Target): Promise<number> {
  if (program === undefined) return Number.NaN;
  const from = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, PGPASSWORD: password },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`${program} ended with ${String(code)}`);
  return performance.now() - from;
}

const where = ({ host, port, username, database }: Target): string[] => [
  '-h',
  host,
  '-p',
  String(port),
  '-U',
  username,
  '-d',
  database,
];

const dumpMs = (server: BenchServer, target: Target): Promise<number> =>
  programMs(server.pgDump, ['--schema-only', '-f', '/dev/null', ...where(target)], target);

const copyMs = (server: BenchServer, target: Target): Promise<number> =>
  programMs(
    server.psql,
    [
      '-qX',
      ...where(target),
      ...['-c', BARE_BEGIN],
      ...BARE_QUERIES.flatMap((query) => ['-c', `\\copy (${query}) to '/dev/null'`]),
    ],
    target,
  );

async function statements(target: Target, texts: Iterable<string>): Promise<void> {
  const client = new pg.Client({ ...target, user: target.username });
  await client.connect();
  try {
    for (const text of texts) await client.query(text);
  } finally {
    await client.end();
  }
}

async function prepare(server: BenchServer, tables: number): Promise<Target> {
  const database = `bench_${String(tables)}`;
  await statements({ ...server, database: 'postgres' }, [`create database ${database}`]);
  const target = { ...server, database };
  const from = performance.now();
  await statements(target, generate(shapeOf(tables)));
  await statements(target, ['vacuum analyze']);
  say(`  ${String(tables)} tables made in ${seconds(performance.now() - from)} s`);
  return target;
}

interface Rounds {
  readonly ours: Figures[];
  readonly bare: Figures[];
  readonly unchanged: Figures[];
  readonly changed: Figures[];
  readonly copy: number[];
  readonly dump: number[];
}

/** Each round runs every reader once, one after the other; the first round only warms up. */
async function compare(server: BenchServer, target: Target, rounds: number): Promise<Rounds> {
  const found: Rounds = { ours: [], bare: [], unchanged: [], changed: [], copy: [], dump: [] };
  const [ours, bare] = [new Reader(), new Reader()];
  for (let round = 0; round <= rounds; round += 1) {
    const full = await ours.run('full', target);
    const plain = await bare.run('bare', target);
    const copy = await copyMs(server, target);
    const dump = await dumpMs(server, target);
    const unchanged = await ours.run('unchanged', target);
    await statements(target, [`alter table s00.orders_000000 add column extra_${String(round)} text`]);
    const changed = await ours.run('changed', target);
    if (unchanged.datasets !== 0 || changed.datasets !== 1)
      throw new Error(
        `An incremental run read ${String(unchanged.datasets)} and ${String(changed.datasets)} tables.`,
      );
    if (round === 0) continue;
    found.ours.push(full);
    found.bare.push(plain);
    found.unchanged.push(unchanged);
    found.changed.push(changed);
    found.copy.push(copy);
    found.dump.push(dump);
  }
  await Promise.all([ours.stop(), bare.stop()]);
  return found;
}

const all = (figures: readonly Figures[], key: keyof Figures): number[] => figures.map((one) => one[key]);

function reportTimes(tables: number, found: Rounds): string[][] {
  const ms = all(found.ours, 'ms');
  const row = (name: string, values: readonly number[]): string[] => [
    `${String(tables)} ${name}`,
    seconds(median(values)),
    times(pairedRatio(ms, values)),
  ];
  return [
    row('our read', ms),
    row('bare queries, node pg', all(found.bare, 'ms')),
    row('bare queries, psql \\copy', found.copy),
    row('pg_dump --schema-only', found.dump),
    [...row('refresh, nothing changed', all(found.unchanged, 'ms')).slice(0, 2), ''],
    [
      `${String(tables)} refresh, one table changed`,
      seconds(median(all(found.changed, 'ms'))),
      `${pairedRatio(all(found.changed, 'ms'), ms).toFixed(2)} of full`,
    ],
  ];
}

function reportCost(tables: number, found: Rounds): string[][] {
  const row = (name: string, figures: readonly Figures[]): string[] => [
    `${String(tables)} ${name}`,
    ...(['cpuMs', 'serverCpuMs', 'taskMs', 'lagMs', 'rssMb', 'serverMb'] as const).map((key) =>
      median(all(figures, key)).toFixed(1),
    ),
    Math.max(...all(figures, 'taskMs')).toFixed(1),
  ];
  return [
    row('our read', found.ours),
    row('bare queries, node pg', found.bare),
    row('refresh, nothing changed', found.unchanged),
    row('refresh, one table changed', found.changed),
  ];
}

/** Over a line with a round trip of its own: what counts is how often a reader waits for an answer. */
async function overSlowLine(server: BenchServer, target: Target, rounds: number): Promise<string[][]> {
  const proxy = await TcpProxy.start(target);
  proxy.latencyMs = ROUND_TRIP_MS / 2;
  proxy.mode = 'latency';
  const slow = { ...target, ...proxy.address };
  const [ours, bare] = [new Reader(), new Reader()];
  try {
    await ours.run('full', target);
    await bare.run('bare', target);
    const oursMs: number[] = [];
    const bareMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      oursMs.push((await ours.run('full', slow)).ms);
      bareMs.push((await bare.run('bare', slow)).ms);
    }
    // Once: it takes the better part of a minute for a thousand tables, whatever else the machine does.
    const dump = await dumpMs(server, slow);
    return [
      ['our read', seconds(median(oursMs)), times(1)],
      ['bare queries, node pg', seconds(median(bareMs)), times(pairedRatio(oursMs, bareMs))],
      ['pg_dump --schema-only', seconds(dump), `1/${(dump / median(oursMs)).toFixed(0)}`],
    ];
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
    await proxy.stop();
  }
}

/** Our read of PostgreSQL, and whole runs of the product, against its own tools and the bare queries of the same facts. */
export async function benchPostgresql(
  sizes: readonly number[],
  slowSizes: readonly number[],
  rounds: number,
): Promise<void> {
  const server = await startServer();
  try {
    say(`PostgreSQL ${server.version}; medians of ${String(rounds)} interleaved rounds, ratios of pairs`);
    if (server.pgDump === undefined) say('SKIPPED pg_dump and psql: install postgresql to compare with them');
    const targets = new Map<number, Target>();
    for (const tables of [...new Set([...sizes, ...slowSizes])])
      targets.set(tables, await prepare(server, tables));
    const runs: [number, Rounds][] = [];
    for (const tables of sizes) {
      const target = targets.get(tables);
      if (target) runs.push([tables, await compare(server, target, rounds)]);
    }
    say('');
    printTable(
      ['tables, reader', 'wall s', 'our read is'],
      runs.flatMap(([tables, found]) => reportTimes(tables, found)),
    );
    printTable(
      [
        'tables, reader',
        'CPU ms',
        'server CPU ms',
        'task ms',
        'lag ms',
        'RSS + MB',
        'server MB',
        'worst task ms',
      ],
      runs.flatMap(([tables, found]) => reportCost(tables, found)),
    );
    const stored: string[][] = [];
    for (const tables of sizes) {
      const target = targets.get(tables);
      if (!target) continue;
      const { host, port, username, password, database } = target;
      const login = {
        type: 'postgresql',
        host,
        port,
        username,
        password,
        database,
        tls: { mode: 'disable' },
      };
      const column = (round: number): string =>
        `alter table s00.orders_000001 add column extra_${String(round)} text`;
      const peers = {
        copyMs: () => copyMs(server, target),
        dumpMs: () => dumpMs(server, target),
        change: (round: number) => statements(target, [column(round)]),
      };
      stored.push(...(await storedRows(tables, login, peers, rounds)));
    }
    printTable(STORED_HEADER, stored);
    for (const tables of slowSizes) {
      const target = targets.get(tables);
      if (!target) continue;
      const rows = await overSlowLine(server, target, rounds);
      printTable(
        [`${String(tables)} tables, ${String(ROUND_TRIP_MS)} ms round trip`, 'wall s', 'our read is'],
        rows,
      );
    }
  } finally {
    await server.stop();
  }
}
