import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DuckDBInstance } from '@duckdb/node-api';
import Database from 'libsql';
import { copyFile, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duckdb } from '../../src/connectors/drivers/duckdb.js';
import { sqlite } from '../../src/connectors/drivers/sqlite.js';
import { EngineProcess } from '../../src/connectors/families/embedded/engine.js';
import { mutationsOf } from '../support/mutations.js';
import { datasetsOf, discoverAll, EVERYTHING, faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const FIXTURE = join(import.meta.dirname, '../fixtures/files/sqlite/shop.sqlite');

const DUCKDB_SHOP = [
  'CREATE SCHEMA shop',
  `CREATE TYPE shop.mood AS ENUM ('good', 'it''s bad')`,
  `CREATE TABLE shop.customers (id INTEGER PRIMARY KEY, email VARCHAR NOT NULL UNIQUE, mood shop.mood)`,
  `COMMENT ON TABLE shop.customers IS 'Who buys.'`,
  `COMMENT ON COLUMN shop.customers.email IS 'Where to write.'`,
  `CREATE TABLE shop.orders (
    id BIGINT PRIMARY KEY, customer_id INTEGER REFERENCES shop.customers (id),
    total DECIMAL(12,2) DEFAULT 0 CHECK (total >= 0), tags VARCHAR[],
    who STRUCT("first, name" VARCHAR, ages INTEGER[]), lines STRUCT(sku VARCHAR, price DECIMAL(9,2))[],
    extra MAP(VARCHAR, INTEGER), placed_at TIMESTAMPTZ)`,
  'CREATE INDEX orders_by_customer ON shop.orders (customer_id)',
  'CREATE VIEW shop.paid AS SELECT id, total FROM shop.orders',
  `INSERT INTO shop.customers VALUES (1, 'a@example.com', 'good')`,
];

async function makeDuckdb(path: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path, { threads: '1' });
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

const fieldsOf = (
  dataset: { fields: readonly { name: string; type: string; nullable: boolean }[] } | undefined,
) => dataset?.fields.map(({ name, type, nullable }) => [name, type, nullable]);

async function sqliteSource(): Promise<ContractSource> {
  const root = await mkdtemp(join(tmpdir(), 'sqlite-'));
  await copyFile(FIXTURE, join(root, 'shop.sqlite'));
  return {
    connection: { type: 'sqlite', file_path: 'shop.sqlite' },
    root,
    scopes: ['main'],
    datasets: ['main.customers', 'main.orders', 'main.odd "name"', 'main.paid'],
    filter: { include: ['main.o*'], exclude: ['*.orders'], leaves: ['main.odd "name"'] },
    check(found) {
      expect(found.size).toBe(4);
      const orders = found.get('main.orders');
      expect(fieldsOf(orders)).toEqual([
        ['id', 'integer', false],
        ['customer_id', 'integer', false],
        ['total', 'decimal', true],
        ['twice', 'unknown', true],
        ['payload', 'json', true],
      ]);
      expect(orders).toMatchObject({
        kind: 'table',
        row_estimate: 2,
        primary_key: { columns: ['id'] },
        foreign_keys: [
          {
            columns: ['customer_id'],
            references: { schema: 'main', dataset: 'customers', columns: ['id'] },
            on_delete: 'CASCADE',
          },
        ],
        indexes: [{ name: 'orders_by_customer', columns: ['customer_id'], unique: false }],
      });
      expect(orders?.fields[0]).toMatchObject({ identity: 'by_default' });
      expect(orders?.fields[2]).toMatchObject({
        native_type: 'DECIMAL(12,2)',
        precision: 12,
        scale: 2,
        default: '0',
      });
      expect(orders?.fields[3]).toMatchObject({ generated: 'STORED' });
      expect(found.get('main.customers')).toMatchObject({ unique_keys: [{ columns: ['email'] }] });
      expect(found.get('main.odd "name"')).toMatchObject({
        primary_key: { columns: ['b', 'a'] },
        properties: { without_rowid: true },
      });
      expect(found.get('main.paid')).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('SELECT id'),
      });
    },
    tearDown: () => rm(root, { recursive: true }),
  };
}

async function duckdbSource(): Promise<ContractSource> {
  const root = await mkdtemp(join(tmpdir(), 'duckdb-'));
  await makeDuckdb(join(root, 'store.duckdb'), DUCKDB_SHOP);
  return {
    connection: { type: 'duckdb', file_path: 'store.duckdb' },
    root,
    scopes: ['main', 'shop'],
    datasets: ['shop.customers', 'shop.orders', 'shop.paid'],
    filter: { include: ['shop.*'], exclude: ['*.paid'], leaves: ['shop.customers', 'shop.orders'] },
    check(found) {
      const orders = found.get('shop.orders');
      expect(fieldsOf(orders)).toEqual([
        ['id', 'integer', false],
        ['customer_id', 'integer', true],
        ['total', 'decimal', true],
        ['tags', 'array', true],
        ['who', 'object', true],
        ['lines', 'array', true],
        ['extra', 'map', true],
        ['placed_at', 'timestamp_tz', true],
      ]);
      expect(orders?.fields[4]?.fields).toMatchObject([
        { name: 'first, name', type: 'string' },
        { name: 'ages', type: 'array' },
      ]);
      expect(orders?.fields[5]?.fields).toMatchObject([
        { name: 'sku' },
        { name: 'price', precision: 9, scale: 2 },
      ]);
      expect(orders).toMatchObject({
        row_estimate: 0,
        primary_key: { columns: ['id'] },
        foreign_keys: [
          { columns: ['customer_id'], references: { schema: 'shop', dataset: 'customers', columns: ['id'] } },
        ],
        checks: [{ expression: expect.stringContaining('total') }],
        indexes: [{ name: 'orders_by_customer', columns: ['customer_id'], unique: false }],
      });
      expect(found.get('shop.customers')).toMatchObject({
        comment: 'Who buys.',
        fields: [{}, { comment: 'Where to write.' }, { type: 'enum', values: ['good', "it's bad"] }],
      });
      expect(found.get('shop.paid')).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('SELECT id'),
      });
    },
    tearDown: () => rm(root, { recursive: true }),
  };
}

describeConnector(sqlite, { setUp: sqliteSource });
describeConnector(duckdb, { setUp: duckdbSource });

describe('an embedded database', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'embedded-'));
    await copyFile(FIXTURE, join(root, 'a.sqlite'));
    await makeDuckdb(join(root, 'a.duckdb'), DUCKDB_SHOP);
  });
  afterAll(() => rm(root, { recursive: true }));

  const TYPES = [
    { definition: sqlite, engine: 'sqlite', file: 'a.sqlite' },
    { definition: duckdb, engine: 'duckdb', file: 'a.duckdb' },
  ] as const;
  const opened = (definition: typeof sqlite | typeof duckdb, file_path: string) =>
    openSession(definition, { type: definition.type, file_path }, { root });

  test('reaches nothing but its file, writes nothing and loads nothing', async () => {
    const statements = {
      duckdb: [
        'CREATE TABLE other (a INTEGER)',
        'SELECT * FROM evil',
        `LOAD 'x'`,
        'INSTALL httpfs',
        `COPY (SELECT 1) TO '${root}/written.csv'`,
        `ATTACH '${root}/written.db' AS w`,
        `SELECT * FROM read_csv('/etc/passwd')`,
        `SELECT * FROM read_text('/etc/passwd')`,
        `SELECT * FROM '${import.meta.filename}'`,
        'SET enable_external_access = true',
        `SELECT getenv('HOME')`,
      ],
      // Of SQLite only what a file can bring along: what else it can do, our own statements leave alone.
      sqlite: [
        'CREATE TABLE other (a)',
        'DROP VIEW evil',
        'SELECT * FROM evil',
        `SELECT load_extension('x')`,
      ],
    };
    await makeDuckdb(join(root, 'evil.duckdb'), [
      `CREATE VIEW evil AS SELECT * FROM read_csv('${import.meta.filename}', header = false, delim = '\u0001')`,
    ]);
    const evil = new Database(join(root, 'evil.sqlite'));
    evil.exec(`CREATE VIEW evil AS SELECT readfile('/etc/passwd') AS a`);
    evil.close();
    const names = await readdir(root);
    for (const { engine, definition } of TYPES) {
      const path = `evil.${engine}`;
      const before = await readFile(join(root, path));
      const running = await EngineProcess.open({ engine, root, path }, AbortSignal.timeout(30_000));
      try {
        for (const sql of statements[engine])
          expect((await faultOf(running.all(sql))).code).toMatch(/^(?:QUERY_FAILED|FILE_UNREADABLE)$/);
      } finally {
        running.kill();
      }
      await discoverAll(await opened(definition, path));
      expect((await readFile(join(root, path))).equals(before)).toBe(true);
    }
    expect(await readdir(root)).toEqual(names);
    await rm(join(root, 'evil.sqlite'));
    await rm(join(root, 'evil.duckdb'));
  });

  test('that is none, is damaged, is not there or lies outside has its code', async () => {
    await writeFile(join(root, 'text'), 'not a database, though long enough to be looked at'.repeat(100));
    await writeFile(join(root, 'empty'), '');
    await symlink('/etc/passwd', join(root, 'link'));
    for (const { definition, file } of TYPES) {
      expect((await faultOf(opened(definition, 'text'))).code).toBe('FILE_UNREADABLE');
      expect((await faultOf(opened(definition, 'nowhere'))).code).toBe('FILE_NOT_FOUND');
      expect((await faultOf(opened(definition, 'link'))).code).toBe('PERMISSION_DENIED');
      await writeFile(join(root, 'cut'), (await readFile(join(root, file))).subarray(0, 5_000));
      const cut = await opened(definition, 'cut').then(
        async (session) => (await discoverAll(session)).at(-1)?.event === 'token',
        () => false,
      );
      expect(cut).toBe(false);
    }
    for (const name of ['text', 'empty', 'link', 'cut']) await rm(join(root, name));
  });

  test('shows what is there though a view of it is broken', async () => {
    await makeDuckdb(join(root, 'broken.duckdb'), [
      'CREATE TABLE a (b INTEGER)',
      'CREATE VIEW gone AS SELECT b FROM a',
      'ALTER TABLE a RENAME b TO c',
    ]);
    const database = new Database(join(root, 'broken.sqlite'));
    database.exec(
      'CREATE TABLE a (b); CREATE VIEW gone AS SELECT b FROM other; CREATE VIEW well AS SELECT b FROM a',
    );
    database.close();
    const found = datasetsOf(await discoverAll(await opened(duckdb, 'broken.duckdb')));
    expect([...found.keys()]).toEqual(['main.a', 'main.gone']);
    const events = await discoverAll(await opened(sqlite, 'broken.sqlite'));
    expect([...datasetsOf(events).keys()]).toEqual(['main.a', 'main.gone', 'main.well']);
    expect(events.at(-1)).toMatchObject({ event: 'scope_ended', status: 'partial' });
    await rm(join(root, 'broken.duckdb'));
    await rm(join(root, 'broken.sqlite'));
  });

  test('is not read again while nothing changed', async () => {
    for (const { definition, file } of TYPES) {
      const session = await opened(definition, file);
      const last = (await discoverAll(session)).at(-1);
      const token = last?.event === 'token' ? last.token : '';
      const since = { token, fingerprints: () => Promise.resolve(new Map<string, string>()) };
      expect(await discoverAll(session, { ...EVERYTHING, since })).toMatchObject([
        { event: 'source_unchanged' },
        {},
      ]);
    }
  });

  test('that is damaged in any way ends in facts or a typed fault', async () => {
    for (const { definition, file } of TYPES) {
      const damaged = mutationsOf(await readFile(join(root, file)), 20_260_131);
      for (let number = 0; number < 10; number++) {
        await writeFile(join(root, 'damaged'), damaged.next().value);
        const reading = opened(definition, 'damaged').then((session) => discoverAll(session));
        await reading.catch((error: unknown) => faultOf(Promise.reject(error as Error)));
      }
    }
    await rm(join(root, 'damaged'));
  }, 240_000);
});
