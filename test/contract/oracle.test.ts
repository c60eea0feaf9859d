import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { oracleOver } from '../../src/connectors/drivers/oracle.js';
import { NameMatch } from '../../src/connectors/families/sql/name-match.js';
import type { Dataset } from '../../src/connectors/spi/index.js';
import { OracleStandIn, standInClient } from '../doubles/oracle-stand-in.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

type Rows = readonly (readonly unknown[])[];

/** Schema, name and type of what ALL_OBJECTS lists. */
const OBJECTS: Rows = [
  ['SHOP', 'CUSTOMERS', 'TABLE'],
  ...Array.from({ length: 30 }, (_, at) => ['SHOP', `FILLER_${String(at)}`, 'TABLE']),
  ['SHOP', 'GOOD_CUSTOMERS', 'VIEW'],
  ['SHOP', 'Größe', 'TABLE'],
  ['SHOP', 'LAKE', 'TABLE'],
  ['SHOP', 'NUMBERS', 'SEQUENCE'],
  ['SHOP', 'ORDERS', 'TABLE'],
  ['SHOP', 'TOTALS', 'MATERIALIZED VIEW'],
  ['SHOP', 'TOTALS', 'TABLE'],
  ['HR', 'PEOPLE', 'TABLE'],
];

const id = (table: string, name = 'ID', position = 1) => [
  ...[table, position, name, 'NUMBER', null, 22, 0, null, null, 0, 'N', 'NO', 'NO'],
];

/** As Oracle answers, see src/connectors/drivers/oracle/queries.ts for the columns. */
const FACTS: Readonly<Record<string, Rows>> = {
  columns: [
    ['CUSTOMERS', 1, 'ID', 'NUMBER', null, 22, 0, null, 19, 0, 'N', 'NO', 'YES'],
    ['CUSTOMERS', 2, 'EMAIL', 'VARCHAR2', null, 480, 120, 'C', null, null, 'N', 'NO', 'NO'],
    ['CUSTOMERS', 4, 'NAME', 'VARCHAR2', null, 80, 80, 'B', null, null, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 5, 'SCORE', 'NUMBER', null, 22, 0, null, 12, 2, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 6, 'SEEN_AT', 'TIMESTAMP(6) WITH TIME ZONE', null, 13, 0, null, null, 6, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 7, 'BORN', 'DATE', null, 7, 0, null, null, null, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 8, 'DOUBLED', 'NUMBER', null, 22, 0, null, null, null, 'Y', 'YES', 'NO'],
    ['CUSTOMERS', 9, 'PLACE', 'SDO_GEOMETRY', 'MDSYS', 1, 0, null, null, null, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 10, 'HOME', 'ADDRESS_T', 'SHOP', 1, 0, null, null, null, 'Y', 'NO', 'NO'],
    ['CUSTOMERS', 11, 'KEY', 'RAW', null, 16, 0, null, null, null, 'Y', 'NO', 'NO'],
    ...OBJECTS.flatMap(([, name, type]) =>
      name === 'CUSTOMERS' || type === 'SEQUENCE' || type === 'MATERIALIZED VIEW' ? [] : [id(String(name))],
    ),
    id('ORDERS', 'LINE', 2),
    id('ORDERS', 'CUSTOMER_ID', 3),
  ],
  defaults: [
    ['CUSTOMERS', 'ID', '"SHOP"."ISEQ$$_1".nextval'],
    ['CUSTOMERS', 'NAME', "'nobody' "],
    ['CUSTOMERS', 'DOUBLED', '"SCORE"*2'],
  ],
  identities: [['CUSTOMERS', 'ID', 'BY DEFAULT']],
  comments: [['CUSTOMERS', 'who buys']],
  columnComments: [['CUSTOMERS', 'EMAIL', 'login name']],
  keys: [
    ['CUSTOMERS', 'CUSTOMERS_PK', 'P', 1, 'ID', 'CUSTOMERS_PK'],
    ['CUSTOMERS', 'CUSTOMERS_EMAIL', 'U', 1, 'EMAIL', 'CUSTOMERS_EMAIL'],
    ['ORDERS', 'ORDERS_PK', 'P', 2, 'LINE', 'ORDERS_PK'],
    ['ORDERS', 'ORDERS_PK', 'P', 1, 'ID', 'ORDERS_PK'],
  ],
  references: [['ORDERS', 'ORDERS_CUSTOMER', 1, 'CUSTOMER_ID', 'SHOP', 'CUSTOMERS', 'ID', 'CASCADE']],
  checks: [['CUSTOMERS', 'POSITIVE_SCORE', 'score >= 0']],
  indexes: [
    ['CUSTOMERS', 'CUSTOMERS_PK', 'UNIQUE', 'NORMAL', 1, 'ID'],
    ['CUSTOMERS', 'CUSTOMERS_NAME', 'NONUNIQUE', 'FUNCTION-BASED NORMAL', 2, 'SCORE'],
    ['CUSTOMERS', 'CUSTOMERS_NAME', 'NONUNIQUE', 'FUNCTION-BASED NORMAL', 1, 'SYS_NC00012$'],
  ],
  expressions: [['CUSTOMERS', 'CUSTOMERS_NAME', 1, 'UPPER("NAME")']],
  tables: [
    ['CUSTOMERS', 42, 'N', null],
    ['ORDERS', null, 'N', 'IOT'],
  ],
  partitions: [['ORDERS', 'RANGE', 'NONE', 4, 1, 'ID']],
  external: [['LAKE', 'ORACLE_LOADER']],
  views: [['GOOD_CUSTOMERS', 'SELECT id FROM customers']],
  snapshots: [['TOTALS', 'SELECT COUNT(*) FROM orders', 'FRESH']],
  sequences: [['NUMBERS', '10', '1']],
};

function answer(sql: string, values: Readonly<Record<string, string | number>>): Rows | string {
  const name = /^\/\* (\w+) \*\//.exec(sql)?.[1];
  if (name === undefined) return [];
  const pick = (letter: string): string[] =>
    Object.entries(values).flatMap(([key, value]) =>
      new RegExp(`^${letter}\\d`).test(key) ? [String(value)] : [],
    );
  const match = new NameMatch({ include: pick('i'), exclude: pick('x') });
  const left = OBJECTS.filter(([owner, title]) => match.keeps(String(owner), String(title)));
  if (name === 'scopes')
    return ['HR', 'READER', 'SHOP'].map((owner) => [owner, left.filter(([of]) => of === owner).length]);
  const inScope = left.filter(([owner]) => owner === values.owner);
  if (name === 'heads') return inScope.map(([, title, type]) => [title, type]);
  const names = new Set(inScope.map(([, title]) => String(title)));
  const { lo, hi } = values;
  return (FACTS[name] ?? []).filter(([title]) => {
    const bytes = Buffer.from(String(title));
    const inRange =
      bytes.compare(Buffer.from(String(lo))) >= 0 && bytes.compare(Buffer.from(String(hi))) <= 0;
    return names.has(String(title)) && inRange;
  });
}

function check(found: ReadonlyMap<string, Dataset>): void {
  const customers = found.get('SHOP.CUSTOMERS');
  expect(customers).toMatchObject({
    kind: 'table',
    comment: 'who buys',
    row_estimate: 42,
    primary_key: { name: 'CUSTOMERS_PK', columns: ['ID'] },
    unique_keys: [{ name: 'CUSTOMERS_EMAIL', columns: ['EMAIL'] }],
    checks: [{ name: 'POSITIVE_SCORE', expression: 'score >= 0' }],
    indexes: [
      { name: 'CUSTOMERS_PK', columns: ['ID'], unique: true, primary: true, method: 'normal' },
      { name: 'CUSTOMERS_NAME', columns: ['UPPER("NAME")', 'SCORE'], unique: false },
    ],
  });
  expect(customers?.fields).toMatchObject([
    { name: 'ID', native_type: 'NUMBER(19)', type: 'integer', identity: 'by_default', nullable: false },
    { name: 'EMAIL', native_type: 'VARCHAR2(120 CHAR)', max_length: 120, comment: 'login name' },
    { name: 'NAME', ordinal: 3, native_type: 'VARCHAR2(80)', default: "'nobody'" },
    { name: 'SCORE', native_type: 'NUMBER(12,2)', type: 'decimal', precision: 12, scale: 2 },
    { name: 'SEEN_AT', type: 'timestamp_tz' },
    { name: 'BORN', native_type: 'DATE', type: 'timestamp' },
    { name: 'DOUBLED', native_type: 'NUMBER', type: 'decimal', generated: '"SCORE"*2' },
    { name: 'PLACE', native_type: 'MDSYS.SDO_GEOMETRY', type: 'geometry' },
    { name: 'HOME', native_type: 'SHOP.ADDRESS_T', type: 'object' },
    { name: 'KEY', native_type: 'RAW(16)', type: 'binary', max_length: 16 },
  ]);
  expect(found.get('SHOP.ORDERS')).toMatchObject({
    kind: 'partitioned_table',
    partitioning: 'RANGE (ID)',
    primary_key: { columns: ['ID', 'LINE'] },
    foreign_keys: [
      {
        name: 'ORDERS_CUSTOMER',
        columns: ['CUSTOMER_ID'],
        references: { schema: 'SHOP', dataset: 'CUSTOMERS', columns: ['ID'] },
        on_delete: 'CASCADE',
      },
    ],
    properties: { organization: 'index', partition_count: 4 },
  });
  expect(found.get('SHOP.TOTALS')).toMatchObject({
    kind: 'materialized_view',
    definition: 'SELECT COUNT(*) FROM orders',
  });
  expect(found.get('SHOP.GOOD_CUSTOMERS')).toMatchObject({
    kind: 'view',
    definition: 'SELECT id FROM customers',
  });
  expect(found.get('SHOP.NUMBERS')).toMatchObject({ kind: 'sequence', properties: { start: '10' } });
  expect(found.get('SHOP.LAKE')).toMatchObject({ kind: 'foreign_table' });
}

async function setUp(): Promise<ContractSource> {
  const tls = makeTlsMaterial();
  const login = { username: 'reader', password: `pw-${randomBytes(12).toString('hex')}` };
  const server = await OracleStandIn.start({
    ...login,
    service: 'orclpdb1',
    version: '19.21.0.0.0',
    certificate: tls.server,
    answer,
  });
  const named = (names: readonly string[]): string[] => names.map((name) => `SHOP.${name}`);
  return {
    connection: {
      type: 'oracle',
      host: 'localhost',
      port: server.port,
      service_name: 'orclpdb1',
      ...login,
      tls: { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { service_name: 'no_such_service' },
      tls: { address: { host: server.host, port: server.tlsPort }, ca: tls.ca, otherCa: tls.otherCa },
    },
    scopes: ['HR', 'READER', 'SHOP'],
    datasets: [
      ...named(['CUSTOMERS', 'ORDERS', 'GOOD_CUSTOMERS', 'TOTALS', 'Größe', 'FILLER_29']),
      'HR.PEOPLE',
    ],
    filter: {
      include: ['SHOP.FILLER_1?', '*.OR*'],
      exclude: ['*_11', '*.FILLER_19'],
      leaves: named(['ORDERS', ...[10, 12, 13, 14, 15, 16, 17, 18].map((at) => `FILLER_${String(at)}`)]),
    },
    check,
    tearDown: () => server.stop(),
  };
}

describeConnector(oracleOver(standInClient), {
  double: 'a stand-in in the place of the package oracledb and of the server, over real sockets and TLS',
  unproven: {
    'the protocol of Oracle':
      'no Oracle can be had here: the package itself has only been refused, sent on and misled by a listener of ours',
    'catalog queries': 'the statements were never run, only what is made of their rows was',
    'client certificates, wallets with a key': 'no server of ours asks for them',
  },
  setUp,
});
