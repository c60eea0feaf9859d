import { describe, expect, test } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { CAPS, type Findings, type RangedFormatName } from '../analysis.js';
import { ParseFault } from './parse-fault.js';
import { analyzeRanged } from './ranged.js';
import type { Ranges } from './ranges.js';

/** Files in memory, and what was read of them. */
class Files implements Ranges {
  bytesRead = 0;
  reads = 0;

  constructor(private readonly files: ReadonlyMap<string, Uint8Array>) {}

  read(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    this.reads++;
    this.bytesRead += length;
    return Promise.resolve(this.files.get(path)?.subarray(offset, offset + length));
  }

  list(prefix: string) {
    const here = [...this.files].filter(
      ([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
    );
    return Promise.resolve(
      here.map(([path, { length }]) => ({ path, size: length })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    );
  }
}

const filesOf = (files: Readonly<Record<string, Uint8Array | string>>): Files =>
  new Files(new Map(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes as Uint8Array)])));

const analyze = (format: RangedFormatName, files: Files, path = 't', size = 0): Promise<Findings> =>
  analyzeRanged(files, { format, path, size, options: {} });

async function faultOf(work: Promise<unknown>): Promise<ParseFault> {
  const fault: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof ParseFault)) throw new Error('It did not fail as it should.', { cause: fault });
  return fault;
}

const names = ({ datasets }: Findings) => datasets[0]?.fields.map(({ name }) => name);

describe('a Delta table', () => {
  const schema = (...columns: readonly string[]): string =>
    JSON.stringify({
      type: 'struct',
      fields: columns.map((name) => ({ name, type: 'long', nullable: true, metadata: {} })),
    });
  const metaData = (...columns: readonly string[]): string =>
    `${JSON.stringify({ metaData: { id: 'x', schemaString: schema(...columns), partitionColumns: [], configuration: {} } })}\n`;
  const protocol =
    '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping"],"writerFeatures":["columnMapping"]}}\n';
  const add = `${JSON.stringify({ add: { path: 'x'.repeat(1_000), size: 1 } })}\n`;
  const commit = (version: number): string => `t/_delta_log/${String(version).padStart(20, '0')}.json`;

  test('has the schema of its newest commit that tells one', async () => {
    const files = filesOf({
      [commit(0)]: protocol + metaData('a') + add,
      [commit(1)]: add,
      [commit(2)]: `{"commitInfo":{}}\n${metaData('a', 'b')}${add.repeat(5_000)}`,
      [commit(3)]: add.repeat(5_000),
      't/_delta_log/00000000000000000003.crc': '{}',
      't/_delta_log/_last_checkpoint': '{}',
    });
    const found = await analyze('delta_lake', files);
    expect(names(found)).toEqual(['a', 'b']);
    expect(found.datasets[0]?.properties).toMatchObject({
      table_version: 3,
      reader_features: ['columnMapping'],
    });
    expect(files.bytesRead).toBeLessThan(CAPS.rangeBytes);
  });

  test('with thousands of commits since its first is read in part, and says so', async () => {
    const long: Record<string, string> = { [commit(0)]: protocol + metaData('a') };
    for (let version = 1; version < 3_000; version++) long[commit(version)] = add.repeat(3);
    const files = filesOf(long);
    const found = await analyze('delta_lake', files);
    expect(names(found)).toEqual(['a']);
    expect(found.datasets[0]?.partial).toMatch(/too long/);
    expect(files.bytesRead).toBeLessThan(CAPS.rangeBytes);
    expect(files.reads).toBeLessThan(CAPS.rangeReads);
  });

  test('has its schema in a checkpoint of JSON, as newer tables do', async () => {
    const files = filesOf({
      't/_delta_log/00000000000000000009.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json':
        protocol + metaData('c') + add,
      [commit(10)]: add,
    });
    expect(names(await analyze('delta_lake', files))).toEqual(['c']);
  });

  test('without a schema, or with one that is damaged, is refused', async () => {
    const damaged = '{"metaData":{"schemaString":"{","partitionColumns":[]}}\n';
    for (const text of [
      '',
      'x',
      '{"add":{}}',
      '{"metaData":null}',
      '{"metaData":',
      damaged,
      '[]',
      '{"metaData":{"schemaString":5}}',
    ])
      expect((await faultOf(analyze('delta_lake', filesOf({ [commit(0)]: `${text}\n` })))).code).toMatch(
        /^FILE_/,
      );
  });
});

describe('an Iceberg table', () => {
  const metadata = (more: object = {}, column = 'id'): string =>
    JSON.stringify({
      'format-version': 3,
      'current-schema-id': 1,
      schemas: [
        { 'schema-id': 0, type: 'struct', fields: [{ id: 1, name: 'old', type: 'int', required: true }] },
        {
          'schema-id': 1,
          type: 'struct',
          'identifier-field-ids': [1],
          fields: [
            { id: 1, name: column, type: 'long', required: true },
            {
              id: 2,
              name: 'at',
              type: 'timestamptz_ns',
              required: false,
              'write-default': '2026-01-31T00:00:00+00:00',
            },
            { id: 3, name: 'place', type: 'geometry(srid:4326)', required: false },
            { id: 4, name: 'any', type: 'variant', required: false },
            { id: 5, name: 'hash', type: 'fixed[16]', required: false },
            { id: 6, name: '__proto__', type: { type: 'map', key: 'string', value: 'int' }, required: false },
          ],
        },
      ],
      'default-spec-id': 0,
      'partition-specs': [
        { 'spec-id': 0, fields: [{ name: 'x', transform: 'truncate[4]', 'source-id': 1 }] },
      ],
      properties: {},
      ...more,
    });

  test('is read by the newest metadata, by that of the hint, and packed', async () => {
    const files = filesOf({
      't/metadata/00002-5.metadata.json': metadata({}, 'two'),
      't/metadata/00010-4.metadata.json': metadata({}, 'ten'),
      't/metadata/snap-1.avro': 'x',
    });
    const found = await analyze('iceberg', files);
    expect(found.datasets).toMatchObject([
      {
        fields: [
          { name: 'ten', type: 'integer', nullable: false },
          { type: 'timestamp_tz', default: '"2026-01-31T00:00:00+00:00"' },
          { type: 'geometry' },
          { type: 'json' },
          { type: 'binary', max_length: 16 },
          { name: '__proto__', type: 'map' },
        ],
        table: { partitioning: 'truncate(4, ten)', primary_key: { columns: ['ten'] } },
      },
    ]);
    const hinted = filesOf({
      't/metadata/version-hint.text': '2\n',
      't/metadata/v2.gz.metadata.json': gzipSync(metadata({}, 'two')),
      't/metadata/v3.metadata.json': metadata({}, 'three'),
    });
    expect(names(await analyze('iceberg', hinted))?.[0]).toBe('two');
  });

  test('with metadata of many megabytes costs no more than one', async () => {
    const snapshots = Array.from({ length: 40_000 }, (_, id) => ({
      'snapshot-id': id,
      summary: { 'total-records': '5', pad: 'x'.repeat(100) },
    }));
    for (const [name, bytes] of [
      ['v1.metadata.json', metadata({ 'current-snapshot-id': 7, snapshots })],
      ['v1.gz.metadata.json', gzipSync(metadata({ 'current-snapshot-id': 7, snapshots }))],
    ] as const) {
      const files = filesOf({ [`t/metadata/${name}`]: bytes });
      const found = await analyze('iceberg', files);
      expect(names(found)?.[0]).toBe('id');
      expect(files.bytesRead).toBeLessThan(CAPS.rangeBytes);
    }
    const few = await analyze(
      'iceberg',
      filesOf({
        't/metadata/v1.metadata.json': metadata({
          'current-snapshot-id': 7,
          snapshots: snapshots.slice(0, 9),
        }),
      }),
    );
    expect(few.datasets[0]?.rowEstimate).toBe(5);
  });

  test('that is damaged is refused', async () => {
    for (const text of ['', '{', '[]', 'null', '{"schemas":[]}', '{"schema":5}', metadata().slice(0, 60)])
      expect(
        (await faultOf(analyze('iceberg', filesOf({ 't/metadata/v1.metadata.json': `${text} ` })))).code,
      ).toBe('FILE_UNREADABLE');
  });
});

describe('a Hudi table', () => {
  const properties =
    'hoodie.table.name=a\\:b\nhoodie.table.recordkey.fields=id\nhoodie.table.partition.fields=day:TIMESTAMP\n';
  const schema = JSON.stringify({ type: 'record', name: 'r', fields: [{ name: 'id', type: 'long' }] });

  test('has its schema at the end of a commit of many megabytes', async () => {
    const stats = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, index) => [`p${String(index)}`, [{ fileId: 'x'.repeat(50) }]]),
    );
    const files = filesOf({
      't/.hoodie/hoodie.properties': properties,
      't/.hoodie/20260131100000000.deltacommit': JSON.stringify({
        partitionToWriteStats: stats,
        extraMetadata: { schema },
        operationType: 'UPSERT',
      }),
      't/.hoodie/20260131110000000.commit': JSON.stringify({ extraMetadata: {} }),
      't/.hoodie/20260131120000000.commit.inflight': 'x',
    });
    const found = await analyze('hudi', files);
    expect(found.datasets).toMatchObject([
      { table: { partitioning: 'day', primary_key: { columns: ['id'] } }, properties: { table_name: 'a:b' } },
    ]);
    expect(files.bytesRead).toBeLessThan(CAPS.wideRangeBytes);
  });

  test('without a commit has the schema that it was made with, or none', async () => {
    const made = filesOf({
      't/.hoodie/hoodie.properties': `${properties}hoodie.table.create.schema=${schema.replaceAll(':', '\\:')}\n`,
    });
    expect(names(await analyze('hudi', made))).toEqual(['id']);
    expect(
      (await faultOf(analyze('hudi', filesOf({ 't/.hoodie/hoodie.properties': properties })))).code,
    ).toBe('FILE_UNREADABLE');
  });
});

describe('an Avro file', () => {
  /** A header with this schema, and no records. */
  const file = (schema: string): Buffer => {
    const text = (value: string): Buffer => {
      const bytes = Buffer.from(value);
      const length: number[] = [];
      for (let rest = bytes.length * 2; ; rest = Math.floor(rest / 128)) {
        length.push(rest < 128 ? rest : (rest % 128) + 128);
        if (rest < 128) return Buffer.concat([Buffer.from(length), bytes]);
      }
    };
    return Buffer.concat([
      Buffer.from('Obj\u0001\u0002', 'latin1'),
      text('avro.schema'),
      text(schema),
      Buffer.alloc(17),
    ]);
  };
  const read = (schema: unknown) => readText(JSON.stringify(schema));
  const readText = (schema: string) => {
    const bytes = file(schema);
    return analyze('avro', filesOf({ a: bytes }), 'a', bytes.length);
  };

  test('whose schema is long takes a second read', async () => {
    const fields = Array.from({ length: 4_000 }, (_, index) => ({ name: `c${String(index)}`, type: 'long' }));
    const found = await read({ type: 'record', name: 'r', fields });
    expect(found.datasets[0]?.fields).toHaveLength(4_000);
    expect(found.datasets[0]?.rowEstimate).toBe(0);
  });

  test('with more fields than are listed says so', async () => {
    const inner = {
      type: 'record',
      name: 'i',
      fields: Array.from({ length: 200 }, (_, index) => ({ name: `c${String(index)}`, type: 'long' })),
    };
    const fields = [
      { name: 'f', type: inner },
      ...Array.from({ length: 200 }, (_, index) => ({ name: `n${String(index)}`, type: 'i' })),
    ];
    expect((await read({ type: 'record', name: 'r', fields })).datasets[0]?.partial).toMatch(/10000 fields/);
  });

  test('that calls itself, nests deep or knows no type ends', async () => {
    const deep = `${'{"type":"array","items":'.repeat(10_000)}"long"${'}'.repeat(10_000)}`;
    expect((await faultOf(readText(deep))).code).toBe('FILE_UNREADABLE');
    const doubled = {
      type: 'record',
      name: 'r',
      fields: ['a', 'b'].map((name) => ({ name, type: ['null', 'r'] })),
    };
    expect((await read(doubled)).datasets[0]?.fields).toMatchObject([{ type: 'object' }, { type: 'object' }]);
    for (const schema of [
      'nothing',
      { type: 'x' },
      { type: 'record', name: 'r', fields: [{ name: 'a', type: 'b' }] },
      5,
      null,
    ])
      expect((await faultOf(read(schema))).code).toBe('FILE_UNREADABLE');
    expect(
      names(
        await read({ type: 'record', name: '__proto__', fields: [{ name: 'constructor', type: 'int' }] }),
      ),
    ).toEqual(['constructor']);
    expect(names(await read('string'))).toEqual(['value']);
  });
});
