import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { avro } from '../../src/connectors/drivers/avro.js';
import { csv } from '../../src/connectors/drivers/csv.js';
import { deltaLake } from '../../src/connectors/drivers/delta-lake.js';
import { excel } from '../../src/connectors/drivers/excel.js';
import { hudi } from '../../src/connectors/drivers/hudi.js';
import { iceberg } from '../../src/connectors/drivers/iceberg.js';
import { json } from '../../src/connectors/drivers/json.js';
import { orc } from '../../src/connectors/drivers/orc.js';
import { parquet } from '../../src/connectors/drivers/parquet.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { storeEndpoint, type StoreConfig } from '../../src/connectors/families/files/store-spec.js';
import type { Dataset, Session } from '../../src/connectors/spi/index.js';
import { describeOn } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { datasetsOf, discoverAll, openSession, type Discoverable } from './contract-source.js';
import { recordProof } from './proof.js';
import { noise, STORES, type StoreBench } from './store-fixtures.js';

const ROOT = join(import.meta.dirname, '../fixtures/files');
const MB = 2 ** 20;

/** What is there for one format: files by path, and where the source is in them. */
interface Case {
  readonly definition: Discoverable;
  readonly path: string;
  /** Bytes of the store that a discovery may take, with the heads of HTTP. */
  readonly limit: number;
  /** A note for the docs that goes with the proof. */
  readonly unproven?: Readonly<Record<string, string>>;
  readonly files: () => Promise<ReadonlyMap<string, Buffer>>;
}

/** One file of the fixtures; `grow` makes it larger than what may be read. */
const file = (
  definition: Discoverable,
  path: string,
  { limit = MB, grow = (bytes: Buffer): Buffer => bytes } = {},
): Case => ({
  definition,
  path,
  limit,
  files: async () => new Map([[path, grow(await readFile(join(ROOT, path)))]]),
});

/** Records over and over, for more bytes than may be read. */
const text = (definition: Discoverable, path: string, record: (at: number) => string, head = ''): Case => ({
  definition,
  path,
  limit: 16 * MB,
  files: () => {
    const part = Array.from({ length: 1_000 }, (_, at) => record(at)).join('');
    return Promise.resolve(
      new Map([[path, Buffer.from(head + part.repeat(Math.ceil((20 * MB) / part.length)))]]),
    );
  },
});

/** A folder of the fixtures, and data beside its log that nobody has to read. */
const table = (definition: Discoverable, path: string, more: Partial<Case> = {}): Case => ({
  definition,
  path,
  limit: MB,
  files: async () => {
    const found = new Map([[`${path}/data/part-0.parquet`, noise(4 * MB, path)]]);
    for (const entry of await readdir(join(ROOT, path), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) {
        const whole = join(entry.parentPath, entry.name);
        found.set(whole.slice(ROOT.length + 1), await readFile(whole));
      }
    return found;
  },
  ...more,
});

/** Puts data before what a file ends with, where its facts are: they say how long they are, counted from the end. */
const before =
  (ending: (bytes: Buffer) => number) =>
  (bytes: Buffer): Buffer => {
    const at = bytes.length - ending(bytes);
    return Buffer.concat([bytes.subarray(0, at), noise(4 * MB, 'data'), bytes.subarray(at)]);
  };

const FILES: readonly Case[] = [
  text(
    csv,
    'csv/orders 1+1.csv',
    (at) => `${String(at)},2024-01-31,${String(at)}.50,note\n`,
    'id,placed_on,total,note\n',
  ),
  text(
    json,
    'json/events.ndjson',
    (at) => `{"id":${String(at)},"at":"2024-01-31T10:00:00Z","who":{"age":3}}\n`,
  ),
  file(excel, 'excel/orders.xlsx'),
  file(parquet, 'parquet/kinds.parquet', {
    grow: before((bytes) => bytes.readUInt32LE(bytes.length - 8) + 8),
  }),
  file(orc, 'orc/zstd.orc', { grow: before((bytes) => bytes.length - 3) }),
  file(avro, 'avro/deflate.avro', { grow: (bytes) => Buffer.concat([bytes, noise(4 * MB, 'blocks')]) }),
];

const TABLES: readonly Case[] = [
  table(deltaLake, 'delta/orders'),
  table(deltaLake, 'delta/checkpointed'),
  table(iceberg, 'iceberg/orders_v1'),
  table(iceberg, 'iceberg/orders_v2'),
  table(hudi, 'hudi/v6', {
    unproven: { writer: 'The timelines were made by the description of the format.' },
  }),
  table(hudi, 'hudi/v8', {
    unproven: { writer: 'The timelines were made by the description of the format.' },
  }),
];

/** What each store says in the same way: the time of a change and a fingerprint are its own. */
const schemaOf = ({ name, kind, fields, row_estimate, size_bytes, properties }: Dataset): object => ({
  name,
  kind,
  fields,
  row_estimate,
  size_bytes,
  properties,
});

async function schemas(session: Session<'discover'>): Promise<object[]> {
  const events = await discoverAll(session);
  expect(events).toContainEqual(expect.objectContaining({ event: 'scope_ended', status: 'complete' }));
  return [...datasetsOf(events).values()].map(schemaOf);
}

/** What a case has, made once for all stores. */
interface Made {
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the local store says. */
  readonly local: readonly object[];
}

const made = new Map<Case, Promise<Made>>();

function madeOf(each: Case): Promise<Made> {
  const known = made.get(each) ?? make(each);
  made.set(each, known);
  return known;
}

async function make({ definition, path, files }: Case): Promise<Made> {
  const found = await files();
  const root = await mkdtemp(join(tmpdir(), 'formats-'));
  try {
    for (const [name, bytes] of found) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), bytes);
    }
    const session = await openSession(definition, { type: definition.type, file_path: path }, { root });
    const local = await schemas(session);
    await session.close();
    return { files: found, local };
  } finally {
    await rm(root, { recursive: true });
  }
}

function formatsOn(name: keyof typeof STORES, cases: readonly Case[]): void {
  let bench: StoreBench;
  let proxy: TcpProxy;

  beforeAll(async () => {
    bench = await STORES[name]();
    proxy = await TcpProxy.start(storeEndpoint(bench.config) as never);
  });
  afterAll(async () => {
    await proxy.stop();
    await bench.stop?.();
    await closeParsers();
  });

  const open = ({ definition, path }: Case): Promise<Session<'discover'>> =>
    openSession(
      definition,
      { type: definition.type, file_path: path, ...(bench.config satisfies StoreConfig) },
      { address: proxy.address },
    );

  test.each(cases.map((each) => [each.path, each] as const))(
    '%s is as on the local store',
    async (_path, each) => {
      const { files, local } = await madeOf(each);
      for (const [file_path, bytes] of files) await bench.put(file_path, bytes);
      const session = await open(each);
      proxy.forget();
      expect(await schemas(session)).toEqual(local);
      expect(proxy.bytesToClient).toBeGreaterThan(0);
      expect(proxy.bytesToClient).toBeLessThanOrEqual(each.limit);
      const { definition, unproven = {} } = each;
      // Those of CSV come from its own suites, which show more.
      if (definition !== csv && name !== 'http')
        await recordProof(
          definition,
          { server: name, unproven, setUp: () => Promise.reject(new Error('This is no suite of its own.')) },
          session.server,
        );
      await session.close();
    },
  );

  test.each(cases.filter((each) => FILES.includes(each)).map((each) => [each.path, each] as const))(
    '%s is fetched by a URL of the store',
    async (path, each) => {
      const session = (await open(each)) as Session<'discover' | 'presign'>;
      const place = await session.presign.presign(60, AbortSignal.timeout(10_000));
      if (!('url' in place)) throw new Error('The store gave no URL.');
      const answer = await fetch(place.url);
      expect(answer.status).toBe(200);
      const wanted = (await madeOf(each)).files.get(path);
      expect(Buffer.from(await answer.arrayBuffer()).equals(wanted ?? Buffer.alloc(0))).toBe(true);
      await session.close();
    },
  );
}

describeOn('s3', 'formats in S3', () => formatsOn('s3', [...FILES, ...TABLES]));
describeOn('gcs', 'formats in Google Cloud Storage', () => formatsOn('gcs', [...FILES, ...TABLES]));
describeOn('azureBlob', 'formats in Azure Blob Storage', () => formatsOn('azureBlob', [...FILES, ...TABLES]));
describe('formats on a web server', () => formatsOn('http', FILES));
