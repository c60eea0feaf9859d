import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, pairedRatio } from '../report.js';
import type { StoredFigures, StoredOrder } from './product.js';

/** What the product is compared with, and how its source is changed. */
export interface Peers {
  /** Milliseconds of the bare queries by psql's \copy. */
  readonly copyMs: () => Promise<number>;
  /** Milliseconds of pg_dump --schema-only. */
  readonly dumpMs: () => Promise<number>;
  readonly change: (round: number) => Promise<void>;
}

export const STORED_HEADER = [
  'tables, run of the product',
  'wall s',
  'x \\copy',
  'x pg_dump',
  'x first',
  'CPU ms',
  'task ms',
  'lag ms',
  'RSS + MB',
] as const;

/** The whole product in a process of its own; warm after its first run. */
class Product {
  private readonly child: ChildProcess = fork(fileURLToPath(new URL('./product.ts', import.meta.url)), {
    execArgv: [...process.execArgv, '--expose-gc'],
  });

  private readonly ended: Promise<never>;

  constructor() {
    this.ended = once(this.child, 'exit').then(() => Promise.reject(new Error('The product ended.')));
    this.ended.catch(() => undefined);
  }

  async run(order: StoredOrder): Promise<StoredFigures> {
    const answer = new Promise<StoredFigures>((resolve) =>
      this.child.once('message', (figures) => resolve(figures as StoredFigures)),
    );
    this.child.send(order);
    return Promise.race([answer, this.ended]);
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.ended.catch(() => undefined);
  }
}

/**
 * Rows of a table: the whole run (read, compare, store, commit) of a source that was never read, of one that is as it
 * was, and of one with one table changed. Each round runs everything once; the first only warms up.
 */
export async function storedRows(
  tables: number,
  connection: StoredOrder['connection'],
  peers: Peers,
  rounds: number,
): Promise<string[][]> {
  const product = new Product();
  const found: Record<StoredOrder['what'], StoredFigures[]> = { first: [], unchanged: [], changed: [] };
  const [copy, dump]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const first = await product.run({ what: 'first', connection });
      const [copyMs, dumpMs] = [await peers.copyMs(), await peers.dumpMs()];
      const unchanged = await product.run({ what: 'unchanged', connection });
      await peers.change(round);
      const changed = await product.run({ what: 'changed', connection });
      if (first.changes.added < tables || unchanged.changes.changed !== 0 || changed.changes.changed !== 1)
        throw new Error(`The product found ${JSON.stringify([first, unchanged, changed])}.`);
      if (round === 0) continue;
      found.first.push(first);
      found.unchanged.push(unchanged);
      found.changed.push(changed);
      copy.push(copyMs);
      dump.push(dumpMs);
    }
  } finally {
    await product.stop();
  }
  const all = (what: StoredOrder['what'], key: 'ms' | 'cpuMs' | 'taskMs' | 'lagMs' | 'rssMb'): number[] =>
    found[what].map((figures) => figures[key]);
  const ratio = (of: readonly number[], to: readonly number[]): string => {
    const value = pairedRatio(of, to);
    return Number.isNaN(value) ? '-' : value.toFixed(2);
  };
  return (['first', 'unchanged', 'changed'] as const).map((what) => {
    const ms = all(what, 'ms');
    return [
      `${String(tables)} ${TITLES[what]}`,
      (median(ms) / 1_000).toFixed(3),
      ratio(ms, copy),
      ratio(ms, dump),
      ratio(ms, all('first', 'ms')),
      median(all(what, 'cpuMs')).toFixed(0),
      median(all(what, 'taskMs')).toFixed(1),
      median(all(what, 'lagMs')).toFixed(1),
      median(all(what, 'rssMb')).toFixed(1),
    ];
  });
}

const TITLES: Readonly<Record<StoredOrder['what'], string>> = {
  first: 'whole run, stored',
  unchanged: 'refresh, nothing changed',
  changed: 'refresh, one table changed',
};
