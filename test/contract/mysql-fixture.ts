import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { createConnection, type Connection } from 'mysql2/promise';
import { servers } from '../support/servers.js';
import type { ContractSource } from './contract-suite.js';

/** One table of each kind, and every sort of fact that information_schema tells. */
const SCHEMA = [
  `CREATE TABLE customers (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email varchar(120) NOT NULL COMMENT 'login name',
    name varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT 'nobody',
    level enum('basic','it''s gold') NOT NULL DEFAULT 'basic',
    tags set('a','b'),
    active boolean NOT NULL DEFAULT true,
    score decimal(12,2) DEFAULT 0.00,
    settings json,
    seen_at timestamp NULL,
    born date,
    doubled decimal(13,2) GENERATED ALWAYS AS (score * 2) STORED,
    shout varchar(80) GENERATED ALWAYS AS (upper(name)) VIRTUAL,
    UNIQUE KEY customers_email (email),
    KEY customers_name (name(10), level),
    CONSTRAINT positive_score CHECK (score >= 0)
  ) COMMENT 'who buys'`,
  `CREATE TABLE orders (
    id bigint unsigned NOT NULL,
    line int NOT NULL,
    customer_id bigint unsigned NOT NULL,
    amount decimal(10,2) NOT NULL,
    PRIMARY KEY (id, line),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE RESTRICT
  )`,
  `CREATE TABLE events (
    id bigint NOT NULL, at datetime NOT NULL, payload longtext, PRIMARY KEY (id, at)
  ) PARTITION BY RANGE (year(at)) (
    PARTITION p2023 VALUES LESS THAN (2024), PARTITION p2024 VALUES LESS THAN (2025), PARTITION pmax VALUES LESS THAN MAXVALUE)`,
  'CREATE TABLE `Größe ``x``` (`a b` int, `日本` point, data varbinary(16))',
  "CREATE VIEW good_customers AS SELECT id, email FROM customers WHERE level <> 'basic'",
  'CREATE SEQUENCE numbers START WITH 10',
  ...Array.from({ length: 30 }, (_, at) => `CREATE TABLE filler_${String(at)} (id int PRIMARY KEY)`),
  "INSERT INTO customers (email, name) VALUES ('a@example.org', 'a'), ('b@example.org', 'b')",
];

/** A database of its own on the shared MariaDB, and an account that may read it and nothing else. */
export interface MysqlFixture {
  readonly admin: Connection;
  readonly database: string;
  readonly username: string;
  readonly password: string;
  drop(): Promise<void>;
}

export async function freshMysqlDatabase(
  statements: readonly string[] = SCHEMA,
  name: 'mariadb' | 'mysql' | 'mysql-5.7' = 'mariadb',
): Promise<MysqlFixture> {
  const server = await servers[name]();
  const admin = await createConnection({
    host: server.host,
    port: server.port,
    user: server.username,
    password: server.password,
  });
  const suffix = randomBytes(5).toString('hex');
  const [database, username] = [`t_${suffix}`, `reader_${suffix}`];
  const password = randomBytes(12).toString('hex');
  await admin.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  await admin.query(`USE ${database}`);
  for (const statement of statements) await admin.query(statement);
  await admin.query(`CREATE USER ${username}@'%' IDENTIFIED BY '${password}'`);
  await admin.query(`GRANT SELECT, SHOW VIEW ON *.* TO ${username}@'%'`);
  return {
    admin,
    database,
    username,
    password,
    async drop() {
      await admin.query(`DROP DATABASE ${database}`);
      await admin.query(`DROP USER ${username}@'%'`);
      await admin.end();
    },
  };
}

/** The source of the contract suite for both types: the wire is the same. */
export async function mysqlSource(
  type: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<ContractSource> {
  const server = await servers.mariadb();
  const fixture = await freshMysqlDatabase();
  const { database, username, password } = fixture;
  const named = (names: readonly string[]): string[] => names.map((name) => `${database}.${name}`);
  return {
    connection: {
      type,
      host: 'localhost',
      port: server.port,
      database,
      username,
      password,
      tls: { mode: 'disable' },
      ...fields,
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { database: 'no_such_database' },
      tls: { address: server, ca: server.tls.ca, otherCa: server.tls.otherCa },
    },
    scopes: [database],
    datasets: named([
      'customers',
      'orders',
      'events',
      'Größe `x`',
      'good_customers',
      'numbers',
      'filler_0',
      'filler_29',
    ]),
    filter: {
      include: [`${database}.filler_1?`, '*.or*'],
      exclude: ['*_1[0-9]', '*_11', '*.filler_19'],
      leaves: named(['orders', ...[10, 12, 13, 14, 15, 16, 17, 18].map((at) => `filler_${String(at)}`)]),
    },
    check(found) {
      const customers = found.get(`${database}.customers`);
      expect(customers).toMatchObject({
        kind: 'table',
        comment: 'who buys',
        primary_key: { name: 'PRIMARY', columns: ['id'] },
        unique_keys: [{ name: 'customers_email', columns: ['email'] }],
        properties: { engine: 'InnoDB' },
      });
      expect(customers?.row_estimate).toBeGreaterThanOrEqual(0);
      expect(customers?.size_bytes).toBeGreaterThan(0);
      expect(customers?.indexes).toEqual(
        expect.arrayContaining([
          { name: 'PRIMARY', columns: ['id'], unique: true, primary: true, method: 'btree' },
          { name: 'customers_email', columns: ['email'], unique: true, method: 'btree' },
          { name: 'customers_name', columns: ['name(10)', 'level'], unique: false, method: 'btree' },
        ]),
      );
      expect(customers?.checks).toEqual(
        expect.arrayContaining([{ name: 'positive_score', expression: '`score` >= 0' }]),
      );
      expect(customers?.fields).toMatchObject([
        {
          name: 'id',
          native_type: 'bigint(20) unsigned',
          type: 'integer',
          nullable: false,
          identity: 'by_default',
        },
        { name: 'email', type: 'string', max_length: 120, comment: 'login name' },
        { name: 'name', collation: 'utf8mb4_bin', default: "'nobody'", nullable: true },
        { name: 'level', type: 'enum', values: ['basic', "it's gold"], default: "'basic'" },
        { name: 'tags', type: 'array', values: ['a', 'b'] },
        { name: 'active', type: 'boolean', default: '1' },
        { name: 'score', type: 'decimal', precision: 12, scale: 2 },
        { name: 'settings', type: 'json' },
        { name: 'seen_at', type: 'timestamp_tz' },
        { name: 'born', type: 'date' },
        { name: 'doubled', generated: '`score` * 2' },
        { name: 'shout', generated: 'ucase(`name`)' },
      ]);
      expect(customers?.fields.find(({ name }) => name === 'seen_at')).not.toHaveProperty('default');
      expect(found.get(`${database}.orders`)).toMatchObject({
        primary_key: { columns: ['id', 'line'] },
        foreign_keys: [
          {
            name: 'orders_customer',
            columns: ['customer_id'],
            references: { schema: database, dataset: 'customers', columns: ['id'] },
            on_delete: 'CASCADE',
            on_update: 'RESTRICT',
          },
        ],
      });
      expect(found.get(`${database}.events`)).toMatchObject({
        kind: 'partitioned_table',
        partitioning: 'RANGE (year(`at`))',
        properties: { partitions: ['p2023', 'p2024', 'pmax'] },
      });
      expect(found.get(`${database}.Größe \`x\``)?.fields.map(({ name, type }) => [name, type])).toEqual([
        ['a b', 'integer'],
        ['日本', 'geometry'],
        ['data', 'binary'],
      ]);
      const view = found.get(`${database}.good_customers`);
      expect(view).toMatchObject({ kind: 'view', fields: [{ name: 'id' }, { name: 'email' }] });
      expect(view?.definition).toMatch(/^select .*customers/i);
      expect(view).not.toHaveProperty('comment');
      expect(found.get(`${database}.numbers`)?.kind).toBe('sequence');
    },
    tearDown: () => fixture.drop(),
  };
}
