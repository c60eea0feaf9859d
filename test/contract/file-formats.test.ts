import { afterAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { avro } from '../../src/connectors/drivers/avro.js';
import { deltaLake } from '../../src/connectors/drivers/delta-lake.js';
import { excel } from '../../src/connectors/drivers/excel.js';
import { hudi } from '../../src/connectors/drivers/hudi.js';
import { iceberg } from '../../src/connectors/drivers/iceberg.js';
import { orc } from '../../src/connectors/drivers/orc.js';
import { parquet } from '../../src/connectors/drivers/parquet.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import type { Dataset } from '../../src/connectors/spi/index.js';
import { datasetsOf, discoverAll, EVERYTHING, faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractFixture } from './contract-suite.js';

/** Written by the libraries that people write such files with, see make.py there. */
const ROOT = join(import.meta.dirname, '../fixtures/files');

afterAll(() => closeParsers());

/** A source that is one file or table of the fixtures, with its datasets by their names behind the path. */
function fixture(type: string, file_path: string, facts: Readonly<Record<string, object>>): ContractFixture {
  const names = Object.keys(facts).map((part) => `files.${file_path}${part}`);
  return {
    local: true,
    setUp: () =>
      Promise.resolve({
        connection: { type, file_path },
        root: ROOT,
        scopes: ['files'],
        datasets: names,
        filter: { include: ['files.*'], exclude: names.slice(0, 1), leaves: names.slice(1) },
        check(found) {
          for (const [index, wanted] of Object.values(facts).entries())
            expect(found.get(names[index] ?? '')).toMatchObject(wanted);
        },
        tearDown: () => Promise.resolve(),
      }),
  };
}

const field = (name: string, type: string, more: object = {}): object => ({ name, type, ...more });

/** The columns that every one of the binary formats can hold. */
const COLUMNS = [
  field('id', 'integer'),
  field('small', 'integer'),
  field('total', 'decimal', { precision: 12, scale: 2 }),
  field('ratio', 'float'),
  field('name', 'string'),
  field('paid', 'boolean'),
  field('raw', 'binary'),
  field('day', 'date'),
  field('moment', 'timestamp'),
  field('instant', 'timestamp_tz'),
  field('tags', 'array'),
  field('who', 'object', { fields: [field('first', 'string'), field('age', 'integer')] }),
  field('items', 'array', { fields: [field('sku', 'string'), field('price', 'float')] }),
  field('extra', 'map'),
  field('__proto__', 'string'),
];

describeConnector(
  parquet,
  fixture('parquet', 'parquet/kinds.parquet', {
    '': {
      kind: 'file',
      row_estimate: 3,
      size_bytes: 5921,
      fields: [...COLUMNS, field('clock', 'time', { native_type: 'TIME(MICROS)' })],
      properties: { row_groups: 1, compression: 'zstd' },
    },
  }),
);

describeConnector(
  orc,
  fixture('orc', 'orc/zstd.orc', {
    '': { row_estimate: 3, fields: COLUMNS, properties: { stripes: 1, compression: 'zstd' } },
  }),
);

describeConnector(
  avro,
  fixture('avro', 'avro/deflate.avro', {
    '': {
      fields: [
        field('id', 'integer', { nullable: false, comment: 'Number of the order.' }),
        field('placed_at', 'timestamp_tz'),
        field('day', 'date', { nullable: true, default: 'null' }),
        field('total', 'decimal', { precision: 12, scale: 2 }),
        field('key', 'uuid'),
        field('state', 'enum', { values: ['NEW', 'PAID'] }),
        field('earlier', 'enum', { nullable: true }),
        field('tags', 'array', { native_type: 'array<string>' }),
        field('extra', 'map', { native_type: 'map<long>' }),
        field('buyer', 'object', {
          fields: [field('name', 'string'), field('parent', 'object', { native_type: 'record shop.Person' })],
        }),
        field('lines', 'array', { fields: [field('sku', 'string'), field('price', 'float')] }),
        field('either', 'json', { native_type: 'union<string,long>' }),
        field('hash', 'binary', { max_length: 16 }),
      ],
      properties: { compression: 'deflate' },
    },
  }),
);

describeConnector(
  excel,
  fixture('excel', 'excel/orders.xlsx', {
    '#Orders': {
      row_estimate: 100,
      fields: [
        field('id', 'integer', { inferred: true, prevalence: 1 }),
        field('placed on', 'date'),
        field('total', 'float'),
        field('paid', 'boolean'),
        field('note', 'string', { nullable: true, prevalence: 0.75 }),
        field('id_2', 'string'),
        field('__proto__', 'string'),
      ],
      properties: { header: true, header_row: 1, sampled: false },
    },
    '#Report 2026': {
      row_estimate: 10,
      fields: [field('when', 'timestamp'), field('clock', 'time'), field('amount', 'integer')],
      properties: { header_row: 3 },
    },
    '#Numbers': { row_estimate: 5, fields: [field('column_1', 'integer'), field('column_2', 'integer')] },
    '#Empty': { row_estimate: 0, fields: [] },
    '#__proto__': { fields: [field('constructor', 'string'), field('toString', 'unknown')] },
  }),
);

describeConnector(
  deltaLake,
  fixture('delta_lake', 'delta/orders', {
    '': {
      kind: 'table',
      comment: 'All orders.',
      partitioning: 'region',
      checks: [{ name: 'positive', expression: 'id > 0' }],
      fields: [field('id', 'integer'), field('region', 'string'), field('total', 'decimal')],
      properties: { format: 'delta', table_version: 3, min_writer_version: 3, partition_columns: ['region'] },
    },
  }),
);

describeConnector(
  iceberg,
  fixture('iceberg', 'iceberg/orders_v2', {
    '': {
      kind: 'table',
      row_estimate: 3,
      comment: 'All orders.',
      partitioning: 'day(placed_at), bucket(16, id)',
      primary_key: { name: 'identifier', columns: ['id'] },
      fields: [
        field('id', 'integer', { nullable: false, comment: 'Number of the order.' }),
        field('placed_at', 'timestamp_tz'),
        field('total', 'decimal'),
        field('tags', 'array'),
        field('who', 'object', { fields: [field('name', 'string'), field('age', 'integer')] }),
        field('note', 'string'),
      ],
      properties: { format: 'iceberg', format_version: 2, schema_id: 1 },
    },
  }),
);

describeConnector(hudi, {
  ...fixture('hudi', 'hudi/v6', {
    '': {
      kind: 'table',
      partitioning: 'region',
      primary_key: { name: 'record_key', columns: ['id'] },
      fields: [field('id', 'integer'), field('region', 'string'), field('total', 'decimal')],
      properties: { format: 'hudi', table_type: 'COPY_ON_WRITE' },
    },
  }),
  double: 'timelines made by the description of the format',
});

describe('a file of a binary format', () => {
  const inFixtures = async (definition: Parameters<typeof openSession>[0], file_path: string) => {
    const session = await openSession(definition, { type: definition.type, file_path }, { root: ROOT });
    const events = await discoverAll(session);
    return { session, events, found: [...datasetsOf(events).values()] };
  };
  const typesOf = (dataset: Dataset | undefined) => dataset?.fields.map(({ name, type }) => [name, type]);

  test.each(['uncompressed', 'zlib', 'snappy', 'lz4'])(
    'of ORC is read though packed by %s',
    async (codec) => {
      const { found } = await inFixtures(orc, `orc/${codec}.orc`);
      expect(found).toMatchObject([
        { fields: COLUMNS, properties: { compression: codec === 'uncompressed' ? 'none' : codec } },
      ]);
    },
  );

  test('of Parquet is read by old writers too', async () => {
    const { found } = await inFixtures(parquet, 'parquet/legacy.parquet');
    expect(typesOf(found[0])?.slice(8, 14)).toEqual([
      ['moment', 'timestamp'],
      ['instant', 'timestamp'],
      ['tags', 'array'],
      ['who', 'object'],
      ['items', 'array'],
      ['extra', 'map'],
    ]);
    expect((await inFixtures(parquet, 'parquet/empty.parquet')).found).toMatchObject([{ row_estimate: 0 }]);
  });

  test('and tables of other versions give the same', async () => {
    const { found: checkpointed } = await inFixtures(deltaLake, 'delta/checkpointed');
    expect(checkpointed).toMatchObject([
      {
        partitioning: 'day',
        fields: COLUMNS.filter((_, index) => index !== 8 && index !== 14),
        properties: { table_version: 4 },
      },
    ]);
    const [v1, v2] = [
      await inFixtures(iceberg, 'iceberg/orders_v1'),
      await inFixtures(iceberg, 'iceberg/orders_v2'),
    ];
    expect(v1.found[0]?.fields).toEqual(v2.found[0]?.fields);
    const [v6, v8] = [await inFixtures(hudi, 'hudi/v6'), await inFixtures(hudi, 'hudi/v8')];
    expect(v8.found[0]?.fields).toEqual(v6.found[0]?.fields);
  });

  test('is not read again where nothing changed', async () => {
    for (const [definition, path] of [
      [excel, 'excel/orders.xlsx'],
      [deltaLake, 'delta/orders'],
    ] as const) {
      const { session, events } = await inFixtures(definition, path);
      const last = events.at(-1);
      const token = last?.event === 'token' ? last.token : '';
      const since = { token, fingerprints: () => Promise.resolve(new Map<string, string>()) };
      expect(await discoverAll(session, { ...EVERYTHING, since })).toEqual([
        { event: 'source_unchanged' },
        { event: 'token', token },
      ]);
    }
  });

  test('that is another one, or is not there, has its code', async () => {
    for (const definition of [parquet, orc, avro, excel]) {
      const opening = (file_path: string) =>
        openSession(definition, { type: definition.type, file_path }, { root: ROOT });
      expect((await faultOf(opening('make.py'))).code).toBe('FILE_UNREADABLE');
      expect((await faultOf(opening('nowhere/at.all'))).code).toBe('FILE_NOT_FOUND');
    }
    for (const definition of [deltaLake, iceberg, hudi])
      for (const file_path of ['nowhere', 'excel', 'make.py'])
        expect(
          (await faultOf(openSession(definition, { type: definition.type, file_path }, { root: ROOT }))).code,
        ).toBe('FILE_NOT_FOUND');
  });

  test('that only begins as it should ends the scope as failed', async () => {
    const root = await mkdtemp(join(tmpdir(), 'formats-'));
    for (const [definition, magic] of [
      [parquet, 'PAR1'],
      [orc, 'ORC'],
      [avro, 'Obj\u0001'],
      [excel, 'PK\u0003\u0004'],
    ] as const) {
      await writeFile(join(root, 'a'), `${magic}${'x'.repeat(1_000)}`);
      const session = await openSession(definition, { type: definition.type, file_path: 'a' }, { root });
      expect((await discoverAll(session)).at(-1)).toMatchObject({
        status: 'failed',
        code: 'FILE_UNREADABLE',
      });
    }
    const long = await open(join(root, 'long.parquet'), 'w');
    await long.write('PAR1');
    await long.truncate(2 ** 31);
    await long.write('\u0000\u0000\u0000\u0000PAR1', 2 ** 31);
    await long.close();
    const session = await openSession(parquet, { type: 'parquet', file_path: 'long.parquet' }, { root });
    expect((await discoverAll(session)).at(-1)).toMatchObject({ status: 'failed', code: 'FILE_UNREADABLE' });
    await rm(root, { recursive: true });
  });
});
