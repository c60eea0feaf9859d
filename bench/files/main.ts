import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { missingFor } from '../../test/servers/catalogue.js';
import { startS3 } from '../../test/servers/s3.js';
import { S3Admin } from '../../test/support/s3-admin.js';
import { machine, median, pairedRatio, printTable } from '../report.js';
import { benchDamaged } from './damaged.js';
import type { Figures, Order } from './reader.js';

const { values: options } = parseArgs({
  options: {
    /** Of each file. */
    'size-mb': { type: 'string', default: '1024' },
    /** Of each file in S3, whose test server keeps it in memory; 0 leaves S3 out. */
    's3-mb': { type: 'string', default: '256' },
    rounds: { type: 'string', default: '5' },
    formats: { type: 'string', default: 'csv,json,parquet' },
    /** Reads so many damaged files of each binary format instead. */
    damaged: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** A process that reads; warm after its first run. */
class Reader {
  private readonly child: ChildProcess = fork(fileURLToPath(new URL('./reader.ts', import.meta.url)), {
    execArgv: [...process.execArgv, '--expose-gc'],
  });

  async run(order: Order): Promise<Figures> {
    this.child.send(order);
    const [answer] = (await once(this.child, 'message')) as [Figures | { readonly fault: string }];
    if ('fault' in answer) throw new Error(answer.fault);
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill();
    await ended;
  }
}

const FILES = {
  csv: { name: 'big.csv', how: 'FORMAT csv, HEADER true', rowBytes: 109 },
  json: { name: 'big.ndjson', how: 'FORMAT json', rowBytes: 180 },
  parquet: { name: 'big.parquet', how: 'FORMAT parquet', rowBytes: 44 },
} as const;
type Format = keyof typeof FILES;

/** One column changes what it is near the end of the file, which a reader of its beginning cannot know. */
const rowsOf = (rows: number): string => `
  SELECT i AS id, CASE WHEN i < ${String(Math.floor(rows * 0.95))} THEN (i % 1000)::VARCHAR ELSE 'n/k' END AS code,
    md5(i::VARCHAR) AS hash, DATE '2026-01-01' + (i % 28)::INTEGER AS day, (hash(i) % 1000000) / 100 AS total,
    TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (i) SECOND AS moment, i % 2 = 0 AS paid
  FROM range(${String(rows)}) AS t(i)`;

async function generate(folder: string, format: Format, bytes: number): Promise<string> {
  const { name, how, rowBytes } = FILES[format];
  const path = join(folder, name);
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: '1GB' });
  const connection = await instance.connect();
  await connection.run(`COPY (${rowsOf(Math.ceil(bytes / rowBytes))}) TO '${path}' (${how})`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

/** Reads a file by the product and by DuckDB in turns. */
async function compare(
  format: Format,
  title: string,
  orders: Readonly<Record<Order['who'], Order>>,
): Promise<void> {
  const readers = { product: new Reader(), duckdb: new Reader() };
  const figures: Record<Order['who'], Figures[]> = { product: [], duckdb: [] };
  try {
    for (let round = 0; round <= Number(options.rounds); round++)
      for (const who of ['product', 'duckdb'] as const) {
        const found = await readers[who].run(orders[who]);
        // The first round pays for what is loaded once.
        if (round > 0) figures[who].push(found);
      }
  } finally {
    await readers.product.stop();
    await readers.duckdb.stop();
  }
  const of = (who: Order['who'], fact: 'ms' | 'bytes' | 'riseMb'): number[] =>
    figures[who].map((run) => run[fact]);
  const { size } = await stat(orders.duckdb.path);
  say(`${format}, ${(size / 2 ** 20).toFixed(0)} MB, ${title}`);
  printTable(
    ['', 'ms', 'MB read', 'MB of memory at the peak', 'type of `code`'],
    (['product', 'duckdb'] as const).map((who) => [
      who,
      median(of(who, 'ms')).toFixed(1),
      (median(of(who, 'bytes')) / 2 ** 20).toFixed(2),
      Math.max(...of(who, 'riseMb')).toFixed(1),
      figures[who].at(-1)?.columns.find((column) => column.startsWith('code ')) ?? '-',
    ]),
  );
  say(`product / DuckDB: time ${pairedRatio(of('product', 'ms'), of('duckdb', 'ms')).toFixed(2)}x\n`);
}

/** The same file in S3 and for DuckDB, which brings no reader of S3, in the local folder. */
async function compareOnS3(folder: string, formats: readonly Format[]): Promise<void> {
  const s3 = await startS3(await mkdtemp(join(folder, 's3-')));
  try {
    const admin = new S3Admin(s3.server);
    await admin.createBucket('bench');
    for (const format of formats) {
      const path = await generate(folder, format, Number(options['s3-mb']) * 2 ** 20);
      await admin.put('bench', basename(path), await readFile(path));
      const store = { s3: { ...admin.connection, bucket: 'bench' } };
      await compare(format, 'in S3; DuckDB has it in the local folder', {
        product: { who: 'product', format, path, store },
        duckdb: { who: 'duckdb', format, path },
      });
      await admin.remove('bench', basename(path));
    }
  } finally {
    await s3.stop();
  }
}

say(machine());
if (options.damaged !== undefined) {
  await benchDamaged(Number(options.damaged), Number(options.seed));
} else {
  const folder = await mkdtemp(join(tmpdir(), 'bench-files-'));
  try {
    const formats = options.formats.split(',').filter((format): format is Format => format in FILES);
    for (const format of formats) {
      const path = await generate(folder, format, Number(options['size-mb']) * 2 ** 20);
      await compare(format, 'in the local folder', {
        product: { who: 'product', format, path },
        duckdb: { who: 'duckdb', format, path },
      });
      await rm(path);
    }
    if (options['s3-mb'] === '0') say('S3 is left out.');
    else if (missingFor('s3').length === 0) await compareOnS3(folder, formats);
    else say('S3 is left out: its test server is not installed.');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
