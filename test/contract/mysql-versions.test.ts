import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mysql } from '../../src/connectors/drivers/mysql.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';
import { freshMysqlDatabase } from './mysql-fixture.js';

const SCHEMA = [
  `CREATE TABLE customers (
    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email varchar(120) NOT NULL COMMENT 'login name',
    level enum('basic','it''s gold') NOT NULL DEFAULT 'basic',
    score decimal(12,2) DEFAULT 0.00,
    settings json,
    seen_at timestamp NULL,
    doubled decimal(13,2) GENERATED ALWAYS AS (score * 2) STORED,
    UNIQUE KEY customers_email (email)
  ) COMMENT 'who buys'`,
  `CREATE TABLE orders (
    id bigint unsigned NOT NULL, line int NOT NULL, customer_id bigint unsigned NOT NULL, PRIMARY KEY (id, line),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
  )`,
  `CREATE TABLE events (id bigint NOT NULL, at datetime NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (year(at)) (
    PARTITION p2023 VALUES LESS THAN (2024), PARTITION pmax VALUES LESS THAN MAXVALUE)`,
  "CREATE VIEW good_customers AS SELECT id, email FROM customers WHERE level <> 'basic'",
  ...Array.from({ length: 30 }, (_, at) => `CREATE TABLE filler_${String(at)} (id int PRIMARY KEY)`),
];

/** The login of MySQL 8 (caching_sha2_password) wants a proven line, so its source has TLS from the beginning; 5.7 has none. */
async function setUp(name: 'mysql' | 'mysql-5.7'): Promise<ContractSource> {
  const server = await servers[name]();
  const fixture = await freshMysqlDatabase(SCHEMA, name);
  const hasTls = name === 'mysql';
  const { database, username, password } = fixture;
  const named = (names: readonly string[]): string[] => names.map((name) => `${database}.${name}`);
  return {
    connection: {
      type: 'mysql',
      host: 'localhost',
      port: server.port,
      database,
      username,
      password,
      tls: hasTls ? { ca: server.tls.ca } : { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { database: 'no_such_database' },
      ...(hasTls ? { tls: { address: server, ca: server.tls.ca, otherCa: server.tls.otherCa } } : {}),
    },
    scopes: [database],
    datasets: named(['customers', 'orders', 'events', 'good_customers', 'filler_0', 'filler_29']),
    filter: {
      include: [`${database}.filler_1?`, '*.or*'],
      exclude: ['*_11', '*.filler_19'],
      leaves: named(['orders', ...[10, 12, 13, 14, 15, 16, 17, 18].map((at) => `filler_${String(at)}`)]),
    },
    check(found) {
      const customers = found.get(`${database}.customers`);
      expect(customers).toMatchObject({
        kind: 'table',
        comment: 'who buys',
        primary_key: { name: 'PRIMARY', columns: ['id'] },
        unique_keys: [{ name: 'customers_email', columns: ['email'] }],
      });
      expect(customers?.fields).toMatchObject([
        { name: 'id', native_type: expect.stringMatching(/^bigint.* unsigned$/), identity: 'by_default' },
        { name: 'email', type: 'string', max_length: 120, comment: 'login name' },
        { name: 'level', type: 'enum', values: ['basic', "it's gold"] },
        { name: 'score', type: 'decimal', precision: 12, scale: 2 },
        { name: 'settings', native_type: 'json', type: 'json' },
        { name: 'seen_at', type: 'timestamp_tz' },
        { name: 'doubled', generated: '(`score` * 2)' },
      ]);
      expect(found.get(`${database}.orders`)?.foreign_keys).toMatchObject([
        { name: 'orders_customer', columns: ['customer_id'], on_delete: 'CASCADE' },
      ]);
      expect(found.get(`${database}.events`)).toMatchObject({
        kind: 'partitioned_table',
        properties: { partitions: ['p2023', 'pmax'] },
      });
      // This server shows the text of a view to its definer alone.
      expect(found.get(`${database}.good_customers`)).toMatchObject({
        kind: 'view',
        fields: [{ name: 'id' }, { name: 'email' }],
      });
    },
    tearDown: () => fixture.drop(),
  };
}

describeConnector(mysql, { server: 'mysql', setUp: () => setUp('mysql') });
describeConnector(mysql, {
  server: 'mysql-5.7',
  versionOnly: true,
  unproven: { tls: 'the build that can be had (5.7.22) speaks TLS 1.1 at most, which is never taken.' },
  setUp: () => setUp('mysql-5.7'),
});
