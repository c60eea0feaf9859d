import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { NameMatch } from '../../src/connectors/families/sql/name-match.js';
import type { Dataset } from '../../src/connectors/spi/index.js';
import type { SqlRequest } from '../doubles/tds-requests.js';
import { TdsDouble, type ResultSet, type TdsDoubleOptions } from '../doubles/tds-server.js';
import type { Cell } from '../doubles/tds-tokens.js';
import { makeTlsMaterial, type TlsMaterial } from '../support/certificates.js';
import type { ContractSource } from './contract-source.js';

export const DOUBLE =
  'a stand-in that speaks TDS 7.4 and 8.0 over real sockets, checks passwords and tokens, and answers catalog queries with rows of its own';

export const UNPROVEN = {
  'catalog queries':
    'no SQL Server can be had here: the T-SQL was never run, only what is made of its rows was',
  'a certificate of a real server': 'the stand-in has one of a test authority',
};

type Rows = readonly (readonly Cell[])[];

const table = (id: number, schema: string, name: string, type = 'U'): Cell[] => [id, schema, name, type];
const column = (object: number, id: number, name: string, more: readonly Cell[]): Cell[] => [
  object,
  id,
  name,
  ...more,
];
const int: Cell[] = ['int', 'int', null, 4, 10, 0, null, false, false, null, null];

/** More than fits into a text with a limit. */
const LONG_VIEW = `CREATE VIEW good_customers AS SELECT id FROM customers ${'-- much to say\n'.repeat(400)}`;

/** Objects: id, schema, name, type. */
export const OBJECTS: Rows = [
  table(101, 'sales', 'customers'),
  table(103, 'sales', 'orders'),
  table(107, 'sales', 'Größe [x]'),
  table(109, 'sales', 'good_customers', 'V'),
  table(110, 'sales', 'numbers', 'SO'),
  table(111, 'sales', 'totals', 'V'),
  table(113, 'sales', 'lake'),
  ...Array.from({ length: 30 }, (_, at) => table(200 + at, 'sales', `filler_${String(at)}`)),
  table(300, 'hr', 'people'),
];

/** As SQL Server answers, see src/connectors/drivers/sqlserver/queries.ts for the columns. */
const FACTS: Readonly<Record<string, Rows>> = {
  columns: [
    column(101, 1, 'id', ['bigint', 'bigint', null, 8, 19, 0, null, false, true, null, null]),
    column(101, 2, 'email', [
      'varchar',
      'varchar',
      null,
      120,
      0,
      0,
      'Latin1_General_CI_AS',
      false,
      false,
      null,
      null,
    ]),
    // One was dropped between these two.
    column(101, 4, 'name', [
      'nvarchar',
      'nvarchar',
      null,
      160,
      0,
      0,
      'Latin1_General_CI_AS',
      true,
      false,
      null,
      "(N'nobody')",
    ]),
    column(101, 5, 'phone', [
      'Phone',
      'varchar',
      'dbo',
      20,
      0,
      0,
      'Latin1_General_CI_AS',
      true,
      false,
      null,
      null,
    ]),
    column(101, 6, 'active', ['bit', 'bit', null, 1, 1, 0, null, false, false, null, '((1))']),
    column(101, 7, 'score', ['decimal', 'decimal', null, 9, 12, 2, null, true, false, null, '((0.00))']),
    column(101, 8, 'bio', [
      'nvarchar',
      'nvarchar',
      null,
      -1,
      0,
      0,
      'Latin1_General_CI_AS',
      true,
      false,
      null,
      null,
    ]),
    column(101, 9, 'seen_at', [
      'datetimeoffset',
      'datetimeoffset',
      null,
      10,
      34,
      7,
      null,
      true,
      false,
      null,
      null,
    ]),
    column(101, 10, 'key', [
      'uniqueidentifier',
      'uniqueidentifier',
      null,
      16,
      0,
      0,
      null,
      false,
      false,
      null,
      '(newid())',
    ]),
    column(101, 11, 'place', ['geography', null, null, -1, 0, 0, null, true, false, null, null]),
    column(101, 12, 'doubled', [
      'decimal',
      'decimal',
      null,
      9,
      13,
      2,
      null,
      true,
      false,
      '([score]*(2))',
      null,
    ]),
    column(103, 1, 'id', int),
    column(103, 2, 'line', int),
    column(103, 3, 'customer_id', ['bigint', 'bigint', null, 8, 19, 0, null, false, false, null, null]),
    column(107, 1, 'a b', int),
    column(107, 2, '日本', ['varbinary', 'varbinary', null, 16, 0, 0, null, true, false, null, null]),
    column(109, 1, 'id', int),
    column(111, 1, 'customer_id', int),
    column(113, 1, 'id', int),
    ...Array.from({ length: 30 }, (_, at) => column(200 + at, 1, 'id', int)),
    column(300, 1, 'id', int),
  ],
  comments: [
    [101, 0, 'who buys'],
    [101, 2, 'login name'],
  ],
  indexes: [
    [101, 1, 'PK_customers', 'CLUSTERED', true, true, false, null, 1, 1, false, 'id'],
    [101, 2, 'UQ_email', 'NONCLUSTERED', true, false, true, null, 1, 1, false, 'email'],
    [101, 3, 'IX_active', 'NONCLUSTERED', false, false, false, '([active]=(1))', 2, 1, false, 'score'],
    [101, 3, 'IX_active', 'NONCLUSTERED', false, false, false, '([active]=(1))', 1, 2, false, 'name'],
    [101, 3, 'IX_active', 'NONCLUSTERED', false, false, false, '([active]=(1))', 0, 3, true, 'bio'],
    [103, 1, 'PK_orders', 'CLUSTERED', true, true, false, null, 2, 2, false, 'line'],
    [103, 1, 'PK_orders', 'CLUSTERED', true, true, false, null, 1, 1, false, 'id'],
    [107, 1, 'CCI', 'CLUSTERED COLUMNSTORE', false, false, false, null, 0, 1, true, 'a b'],
    [107, 1, 'CCI', 'CLUSTERED COLUMNSTORE', false, false, false, null, 0, 2, true, '日本'],
    [111, 1, 'totals_rows', 'CLUSTERED', true, false, false, null, 1, 1, false, 'customer_id'],
  ],
  references: [[103, 'FK_customer', 1, 'customer_id', 'sales', 'customers', 'id', 'NO_ACTION', 'CASCADE']],
  checks: [
    [101, 'positive_score', '([score]>=(0))'],
    [103, 'hidden', null],
  ],
  definitions: [
    [109, LONG_VIEW],
    [111, null],
  ],
  rows: [
    [101, '3000000000'],
    [103, '0'],
  ],
  sizes: [[101, '81920']],
  partitions: [[103, true, 'id', 4]],
  temporal: [[101, 'SYSTEM_VERSIONED_TEMPORAL_TABLE']],
  external: [[113, '/lake/2024/', 'lake_source']],
  sequences: [[110, 'bigint', '10', '1']],
};

const WIDTH: Readonly<Record<string, number>> = {
  columns: 14,
  comments: 3,
  indexes: 12,
  references: 9,
  checks: 3,
  definitions: 2,
  rows: 2,
  sizes: 2,
  partitions: 4,
  temporal: 2,
  external: 3,
  sequences: 4,
  distribution: 3,
};

export interface World {
  /** SERVERPROPERTY('EngineEdition'). */
  readonly edition: string;
  readonly version?: string;
  readonly facts?: Readonly<Record<string, Rows>>;
  /** Statements that the server refuses, by the name that they carry, with the number of the error. */
  readonly refuses?: Readonly<Record<string, number>>;
}

/** Answers as a server with these rows would: what the filter leaves of a schema and a range. */
export function answering({ edition, version = '16.0.4135.4', facts = {}, refuses = {} }: World) {
  const all = { ...FACTS, ...facts };
  return ({ sql, values }: SqlRequest): ResultSet | number => {
    const name = /^\/\* (\w+) \*\//.exec(sql)?.[1];
    if (name === undefined)
      return sql.includes('EngineEdition')
        ? { columns: 2, rows: [[version, edition]] }
        : { columns: 1, rows: [[1]] };
    const refused = refuses[name];
    if (refused !== undefined) return refused;
    const pick = (letter: string): string[] =>
      Object.entries(values).flatMap(([key, value]) =>
        new RegExp(`^${letter}\\d`).test(key) ? [String(value)] : [],
      );
    const match = new NameMatch({ include: pick('i'), exclude: pick('x') });
    const left = OBJECTS.filter(([, schema, title]) => match.keeps(String(schema), String(title)));
    if (name === 'scopes')
      return {
        columns: 2,
        rows: ['hr', 'nobody', 'sales'].map((schema) => [
          schema,
          left.filter(([, of]) => of === schema).length,
        ]),
      };
    const inScope = left.filter(([, schema]) => schema === values.schema);
    if (name === 'heads')
      return {
        columns: 3,
        rows: inScope.map(([id, , title, type]) => [id ?? null, title ?? null, type ?? null]),
      };
    const ids = new Set(
      inScope.map(([id]) => Number(id)).filter((id) => id >= Number(values.from) && id <= Number(values.to)),
    );
    return { columns: WIDTH[name] ?? 1, rows: (all[name] ?? []).filter(([id]) => ids.has(Number(id))) };
  };
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A double with one account and one database, `shop`. */
export async function startDouble(
  world: World,
  more: Partial<TdsDoubleOptions> = {},
  tls: TlsMaterial = makeTlsMaterial(),
): Promise<{ double: TdsDouble; login: Login; ca: string; otherCa: string }> {
  const login = { username: 'reader', password: `Pa55-${randomBytes(12).toString('hex')}` };
  const double = await TdsDouble.start({
    certificate: tls.server,
    refuse: ({ username, password, database }) =>
      username !== login.username || password !== login.password
        ? 18_456
        : database === 'shop'
          ? undefined
          : 4_060,
    answer: answering(world),
    ...more,
  });
  return { double, login, ca: tls.ca, otherCa: tls.otherCa };
}

/** The source of the contract suite for each of the three types. */
export async function sqlServerSource(
  type: string,
  world: World,
  check: (found: ReadonlyMap<string, Dataset>) => void,
): Promise<ContractSource> {
  const { double, login, ca, otherCa } = await startDouble(world);
  const named = (names: readonly string[]): string[] => names.map((name) => `sales.${name}`);
  return {
    connection: {
      type,
      host: 'localhost',
      port: double.port,
      database: 'shop',
      ...login,
      tls: type === 'sqlserver' ? { mode: 'disable' } : { ca },
    },
    network: {
      address: double,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { database: 'no_such_database' },
      tls: { address: double, ca, otherCa },
    },
    scopes: ['hr', 'nobody', 'sales'],
    datasets: [
      ...named(['customers', 'orders', 'Größe [x]', 'good_customers', 'filler_0', 'filler_29']),
      'hr.people',
    ],
    filter: {
      include: ['sales.filler_1?', '*.or*', '*Größe [[]x]', '*.Größe [x*'],
      exclude: ['*_11', '*.filler_19'],
      leaves: named([
        'orders',
        'Größe [x]',
        ...[10, 12, 13, 14, 15, 16, 17, 18].map((at) => `filler_${String(at)}`),
      ]),
    },
    check,
    tearDown: () => double.stop(),
  };
}

/** What the whole catalog of a database tells. */
export function checkDatabase(found: ReadonlyMap<string, Dataset>): void {
  const customers = found.get('sales.customers');
  expect(customers).toMatchObject({
    kind: 'table',
    comment: 'who buys',
    row_estimate: 3_000_000_000,
    size_bytes: 81_920,
    primary_key: { name: 'PK_customers', columns: ['id'] },
    unique_keys: [{ name: 'UQ_email', columns: ['email'] }],
    checks: [{ name: 'positive_score', expression: '([score]>=(0))' }],
    properties: { temporal: 'system_versioned_temporal_table' },
  });
  expect(customers?.indexes).toEqual([
    { name: 'PK_customers', columns: ['id'], unique: true, primary: true, method: 'clustered' },
    { name: 'UQ_email', columns: ['email'], unique: true, method: 'nonclustered' },
    {
      name: 'IX_active',
      columns: ['name', 'score'],
      unique: false,
      method: 'nonclustered',
      predicate: '([active]=(1))',
    },
  ]);
  expect(customers?.fields).toMatchObject([
    { name: 'id', ordinal: 1, native_type: 'bigint', type: 'integer', nullable: false, identity: 'always' },
    { name: 'email', native_type: 'varchar(120)', max_length: 120, comment: 'login name' },
    { name: 'name', ordinal: 3, native_type: 'nvarchar(80)', max_length: 80, default: "(N'nobody')" },
    { name: 'phone', native_type: 'dbo.Phone', type: 'string', max_length: 20 },
    { name: 'active', type: 'boolean' },
    { name: 'score', native_type: 'decimal(12,2)', type: 'decimal', precision: 12, scale: 2 },
    { name: 'bio', native_type: 'nvarchar(max)', type: 'string' },
    { name: 'seen_at', native_type: 'datetimeoffset(7)', type: 'timestamp_tz' },
    { name: 'key', type: 'uuid', default: '(newid())' },
    { name: 'place', type: 'geometry' },
    { name: 'doubled', generated: '([score]*(2))' },
  ]);
  expect(customers?.fields[6]).not.toHaveProperty('max_length');
  expect(found.get('sales.orders')).toMatchObject({
    kind: 'partitioned_table',
    partitioning: 'RANGE RIGHT (id)',
    primary_key: { columns: ['id', 'line'] },
    foreign_keys: [
      {
        name: 'FK_customer',
        columns: ['customer_id'],
        references: { schema: 'sales', dataset: 'customers', columns: ['id'] },
        on_update: 'NO ACTION',
        on_delete: 'CASCADE',
      },
    ],
    checks: [],
    row_estimate: 0,
    properties: { partition_count: 4, definition_hidden: true },
  });
  expect(found.get('sales.Größe [x]')).toMatchObject({
    fields: [{ name: 'a b' }, { name: '日本', type: 'binary', max_length: 16 }],
    indexes: [{ columns: ['a b', '日本'], method: 'clustered columnstore' }],
  });
  expect(found.get('sales.good_customers')).toMatchObject({ kind: 'view' });
  expect(found.get('sales.good_customers')?.definition).toBe(LONG_VIEW);
  expect(found.get('sales.totals')).toMatchObject({
    kind: 'materialized_view',
    properties: { definition_hidden: true },
  });
  expect(found.get('sales.numbers')).toMatchObject({
    kind: 'sequence',
    properties: { type: 'bigint', start: '10', increment: '1' },
  });
  expect(found.get('sales.lake')).toMatchObject({
    kind: 'foreign_table',
    properties: { location: '/lake/2024/', data_source: 'lake_source' },
  });
}
