// A worker of its own for tests that end it: `discovery-process.ts <json of WorkerOrder>`.
import { setTimeout as pause } from 'node:timers/promises';
import type { Dataset } from '../../src/connectors/spi/index.js';
import { DiscoveryWorld, field, table } from './discovery-world.js';

/** What a worker process is told. */
export interface WorkerOrder {
  readonly ownerUrl: string;
  readonly orgId: string;
  readonly sources: readonly string[];
  readonly generation: number;
  /** Milliseconds between two datasets, so that there is a middle to be ended in. */
  readonly pauseMs: number;
  /** Instead of a generation: one schema of so many tables, made one by one as they are asked for. */
  readonly tables?: number;
}

export const SCHEMAS = 3;
export const TABLES = 400;

/** What a source of these tests has in a generation: some datasets stay, some change, some come, some go. */
export function generation(n: number): Map<string, Dataset[]> {
  const schemas = new Map<string, Dataset[]>();
  for (let s = 0; s < SCHEMAS; s += 1) {
    const name = `schema_${String(s + (n > 1 && s === 2 ? 1 : 0))}`;
    const tables = Array.from({ length: TABLES }, (_, t) => {
      const moved = t % 3 === 0 ? t + TABLES * n : t;
      const fields = [field('id', 1), field(t % 3 === 1 ? `column_${String(n)}` : 'column', 2)];
      return table(name, `t${String(moved).padStart(6, '0')}`, { fields });
    });
    schemas.set(name, tables);
  }
  return schemas;
}

/** Looks like a list, and holds none of it. */
function lazily(length: number): Dataset[] {
  function* datasets(): Generator<Dataset> {
    for (let n = 0; n < length; n += 1) yield table('wide', `t${String(n)}`, { comment: 'x'.repeat(1_500) });
  }
  return { [Symbol.iterator]: datasets, length } as unknown as Dataset[];
}

async function main(order: WorkerOrder): Promise<void> {
  const { ownerUrl, orgId, sources, pauseMs } = order;
  const world = new DiscoveryWorld({ ownerUrl, superuserUrl: ownerUrl }, orgId);
  for (const id of sources) {
    const source = world.adopt(id);
    if (order.tables !== undefined) source.set('wide', lazily(order.tables));
    else for (const [schema, datasets] of generation(order.generation)) source.set(schema, datasets);
    source.before = async () => {
      if (pauseMs > 0) await pause(pauseMs);
    };
  }
  await world.start('worker');
  process.stdout.write('ready\n');
}

const [, , text] = process.argv;
if (text?.startsWith('{"ownerUrl"')) await main(JSON.parse(text) as WorkerOrder);
