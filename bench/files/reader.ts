import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type {
  Address,
  ConnectorDefinition,
  DiscoveryEvent,
  Session,
} from '../../src/connectors/spi/index.js';

/** One run that is asked for. */
export interface Order {
  readonly who: 'product' | 'duckdb';
  readonly format: 'csv' | 'json' | 'parquet';
  readonly path: string;
  /** The block of a store that the file is in; absent for the local one. */
  readonly store?: Readonly<Record<string, unknown>>;
}

export interface Figures {
  readonly ms: number;
  /** What the process read by system calls; NaN where the system does not tell. */
  readonly bytes: number;
  /** How much the memory of the process grew at its peak. */
  readonly riseMb: number;
  readonly columns: readonly string[];
}

const QUERIES = { csv: 'read_csv_auto', json: 'read_json_auto', parquet: 'read_parquet' } as const;

const fact = (file: string, name: string): number => {
  try {
    return Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);
  } catch {
    return Number.NaN;
  }
};

let connection: DuckDBConnection | undefined;

async function byDuckdb({ format, path }: Order): Promise<string[]> {
  if (!connection) {
    connection = await (await DuckDBInstance.create(':memory:')).connect();
    // What it read before it would not read again.
    await connection.run('SET enable_external_file_cache = false');
  }
  const found = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${QUERIES[format]}('${path}')`);
  return found
    .getRows()
    .map(([name, type]) => `${JSON.stringify(name)} ${JSON.stringify(type)}`.replaceAll('"', ''));
}

async function byProduct({ format, path, store = {} }: Order): Promise<string[]> {
  // What is built, as it runs in production: the threads of the parsers are built too.
  const built = new URL(`../../dist/connectors/drivers/${format}.js`, import.meta.url).href;
  const definition = ((await import(built)) as Record<string, ConnectorDefinition>)[format];
  if (!definition) throw new Error(`There is no ${format}.`);
  const signal = AbortSignal.timeout(120_000);
  const context = {
    signal,
    root: dirname(path),
    locate: (where: Address) => Promise.resolve(where),
  };
  const session = (await definition.open(
    { type: format, file_path: basename(path), ...store },
    context,
  )) as Session<'discover'>;
  const columns: string[] = [];
  const take = (event: DiscoveryEvent): void => {
    if (event.event === 'dataset')
      for (const { name, type } of event.dataset.fields) columns.push(`${name} ${type}`);
    if (event.event === 'scope_ended' && event.status !== 'complete') throw new Error(event.reason);
  };
  for await (const event of session.discover.discover(
    { include: [], exclude: [], strategy: 'balanced' },
    signal,
  ))
    take(event);
  await session.close();
  return columns;
}

async function run(order: Order): Promise<Figures> {
  globalThis.gc?.();
  try {
    // The peak of the memory begins anew.
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak is that of all runs so far.
  }
  const rss = fact('/proc/self/status', 'VmRSS');
  const read = fact('/proc/self/io', 'rchar');
  const from = performance.now();
  const columns = await (order.who === 'product' ? byProduct(order) : byDuckdb(order));
  return {
    ms: performance.now() - from,
    bytes: fact('/proc/self/io', 'rchar') - read,
    riseMb: (fact('/proc/self/status', 'VmHWM') - rss) / 1_024,
    columns,
  };
}

process.on('message', (order: Order) => {
  run(order).then(
    (figures) => process.send?.(figures),
    (error: unknown) => process.send?.({ fault: String(error) }),
  );
});
