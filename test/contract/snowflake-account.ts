import type { Show, ShownRow } from '../doubles/snowflake.js';

const type = (name: string, more: object = {}): string =>
  JSON.stringify({ type: name, nullable: true, ...more });

const column = (table: string, name: string, dataType: string, more: ShownRow = {}): ShownRow => ({
  table_name: table,
  schema_name: 'SALES',
  column_name: name,
  data_type: dataType,
  'null?': 'true',
  default: '',
  kind: 'COLUMN',
  expression: '',
  comment: '',
  database_name: 'SHOP',
  autoincrement: '',
  ...more,
});

const table = (name: string, more: ShownRow = {}): ShownRow => ({
  created_on: '1700000000.000000000 1440',
  name,
  database_name: 'SHOP',
  schema_name: 'SALES',
  kind: 'TABLE',
  comment: '',
  cluster_by: '',
  rows: '0',
  bytes: '0',
  is_external: 'N',
  is_dynamic: 'N',
  is_iceberg: 'N',
  is_hybrid: 'N',
  ...more,
});

const view = (name: string, text: string, materialized = 'false'): ShownRow => ({
  name,
  comment: '',
  text,
  is_secure: 'false',
  is_materialized: materialized,
});

const key = (constraint: string, name: string, columnName: string, sequence: number): ShownRow => ({
  table_name: name,
  column_name: columnName,
  key_sequence: String(sequence),
  constraint_name: constraint,
});

const named = (...names: readonly string[]): ShownRow[] => names.map((name) => ({ name, comment: '' }));

const IN = ' IN SCHEMA "SHOP"."SALES"';

/** What the account of the tests shows. Everything of a schema that is not listed here is empty. */
const ACCOUNT: Readonly<Record<string, readonly ShownRow[]>> = {
  'SHOW DATABASES': named('SHOP', 'SNOWFLAKE', 'WITHDRAWN'),
  "SHOW DATABASES LIKE 'shop'": named('SHOP'),
  "SHOW DATABASES LIKE 'no\\\\_such\\\\_database'": [],
  'SHOW SCHEMAS IN DATABASE "SHOP"': named('EMPTY', 'INFORMATION_SCHEMA', 'SALES'),
  [`SHOW TABLES${IN}`]: [
    table('CUSTOMERS', { kind: 'TRANSIENT' }),
    table('ORDERS', {
      comment: 'what was sold',
      cluster_by: 'LINEAR(PLACED_AT)',
      rows: '1200',
      bytes: '98304',
    }),
    table('odd "näme', { is_external: 'Y', rows: null, bytes: null }),
  ],
  [`SHOW VIEWS${IN}`]: [
    view('BIG_ORDERS', 'create view BIG_ORDERS as select ID from ORDERS where TOTAL > 100'),
    view('PER_DAY', 'create materialized view PER_DAY as select 1', 'true'),
  ],
  [`SHOW COLUMNS${IN}`]: [
    column('ORDERS', 'ID', type('FIXED', { precision: 38, scale: 0, nullable: false }), {
      'null?': 'NOT_NULL',
      autoincrement: 'IDENTITY START 1 INCREMENT 1 NOORDER',
    }),
    column('ORDERS', 'CUSTOMER', type('TEXT', { length: 36, byteLength: 144, fixed: false }), {
      comment: 'who bought',
    }),
    column('ORDERS', 'TOTAL', type('FIXED', { precision: 12, scale: 2 }), { default: '0.00' }),
    column('ORDERS', 'PLACED_AT', type('TIMESTAMP_TZ', { precision: 0, scale: 9 })),
    column('ORDERS', 'LINES', type('ARRAY')),
    column('CUSTOMERS', 'ID', type('TEXT', { length: 36, nullable: false })),
    column('CUSTOMERS', 'BORN', type('DATE')),
    column('odd "näme', 'VALUE', type('VARIANT')),
    column('odd "näme', 'part', type('DATE'), { kind: 'VIRTUAL', expression: 'TO_DATE(METADATA$FILENAME)' }),
    column('BIG_ORDERS', 'ID', type('FIXED', { precision: 38, scale: 0 })),
    column('PER_DAY', 'D', 'broken'),
  ],
  [`SHOW PRIMARY KEYS${IN}`]: [
    key('CUSTOMERS_PK', 'CUSTOMERS', 'ID', 1),
    key('ORDERS_PK', 'ORDERS', 'ID', 1),
  ],
  [`SHOW UNIQUE KEYS${IN}`]: [
    key('ORDERS_ONCE', 'ORDERS', 'PLACED_AT', 2),
    key('ORDERS_ONCE', 'ORDERS', 'CUSTOMER', 1),
  ],
  [`SHOW IMPORTED KEYS${IN}`]: [
    {
      pk_database_name: 'SHOP',
      pk_schema_name: 'SALES',
      pk_table_name: 'CUSTOMERS',
      pk_column_name: 'ID',
      fk_table_name: 'ORDERS',
      fk_column_name: 'CUSTOMER',
      key_sequence: '1',
      update_rule: 'NO ACTION',
      delete_rule: 'NO ACTION',
      fk_name: 'ORDERS_CUSTOMER',
    },
  ],
};

const LISTS =
  /^SHOW (TABLES|VIEWS|COLUMNS|(PRIMARY|UNIQUE|IMPORTED) KEYS) IN SCHEMA "SHOP"\."(SALES|EMPTY)"$/;

/** Answers as the account of the tests; what is in a database that was withdrawn does not exist. */
export const showAccount: Show = (statement) => {
  if (Object.hasOwn(ACCOUNT, statement)) return ACCOUNT[statement];
  return LISTS.test(statement) ? [] : undefined;
};

/** A schema with more columns than one SHOW tells. */
export const showWide: Show = (statement) => {
  if (statement === `SHOW COLUMNS${IN}`)
    return Array.from({ length: 10_000 }, (_, at) => column('ORDERS', `C${String(at)}`, type('DATE')));
  const [, wanted] = /^SHOW COLUMNS IN TABLE "SHOP"\."SALES"\."(.*)"$/.exec(statement) ?? [];
  if (wanted === undefined) return showAccount(statement);
  const name = wanted.replaceAll('""', '"');
  return (ACCOUNT[`SHOW COLUMNS${IN}`] ?? []).filter((row) => row.table_name === name);
};
