import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { clickhouse } from '../../src/connectors/drivers/clickhouse.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const TABLES = [
  `orders (
     id UInt64,
     note Nullable(String) COMMENT 'free text',
     state Enum8('open' = 1, 'it''s done' = 2),
     total Decimal(12, 2) DEFAULT 0,
     lines Nested(sku String, pieces UInt16),
     place Tuple(Float64, Float64),
     placed_at DateTime('UTC'),
     tags Array(LowCardinality(String)),
     code FixedString(8),
     label String ALIAS concat('#', toString(id))
   ) ENGINE = MergeTree PARTITION BY toYYYYMM(placed_at) ORDER BY (id, placed_at)`,
  'customers (id UUID, born Date, name String) ENGINE = MergeTree ORDER BY id',
  '`odd \\`name\\\\ä` (`a b` UInt8) ENGINE = Memory',
];

async function setUp(): Promise<ContractSource> {
  const server = await servers.clickhouse();
  const run = async (sql: string): Promise<void> => {
    const answer = await fetch(`http://${server.host}:${String(server.port)}/`, {
      method: 'POST',
      body: sql,
      headers: { 'x-clickhouse-user': server.username, 'x-clickhouse-key': server.password },
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const shop = `shop_${randomBytes(4).toString('hex')}`;
  const empty = `${shop}_empty`;
  for (const name of [shop, empty]) await run(`CREATE DATABASE ${name}`);
  for (const table of TABLES) await run(`CREATE TABLE ${shop}.${table}`);
  await run(`CREATE VIEW ${shop}.big_orders AS SELECT id, total FROM ${shop}.orders WHERE total > 100`);
  await run(
    `CREATE MATERIALIZED VIEW ${shop}.per_day ENGINE = SummingMergeTree ORDER BY day AS SELECT toDate(placed_at) AS day, count() AS orders FROM ${shop}.orders GROUP BY day`,
  );
  await run(
    `INSERT INTO ${shop}.orders (id, note, state, total, placed_at) VALUES (1, 'a', 'open', 10, '2024-05-01 00:00:00'), (2, NULL, 'open', 20, '2024-06-01 00:00:00')`,
  );
  return {
    connection: {
      type: 'clickhouse',
      host: 'localhost',
      port: server.port,
      username: server.username,
      password: server.password,
      tls: { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { database: 'no_such_database' },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: [shop, empty],
    datasets: ['orders', 'customers', 'odd `name\\ä', 'big_orders', 'per_day'].map(
      (name) => `${shop}.${name}`,
    ),
    filter: {
      include: [`${shop}.*r*`, `${shop}.odd*`],
      exclude: ['*.per_day', '*.big?orders'],
      leaves: [`${shop}.orders`, `${shop}.customers`, `${shop}.odd \`name\\ä`],
    },
    check(found) {
      const orders = found.get(`${shop}.orders`);
      expect(orders).toMatchObject({
        kind: 'table',
        row_estimate: 2,
        partitioning: 'toYYYYMM(placed_at)',
        properties: { engine: 'MergeTree', sorting_key: 'id, placed_at', primary_key: 'id, placed_at' },
        indexes: [{ name: 'PRIMARY KEY', columns: ['id', 'placed_at'], unique: false, method: 'sparse' }],
      });
      const field = (name: string) => orders?.fields.find((found) => found.name === name);
      expect(field('note')).toMatchObject({ type: 'string', nullable: true, comment: 'free text' });
      expect(field('state')).toMatchObject({ type: 'enum', values: ['open', "it's done"] });
      expect(field('total')).toMatchObject({ type: 'decimal', precision: 12, scale: 2, nullable: false });
      expect(field('total')?.default).toMatch(/0/);
      expect(field('lines.pieces')).toMatchObject({ type: 'array', native_type: 'Array(UInt16)' });
      expect(field('place')).toMatchObject({
        type: 'object',
        fields: [{ type: 'float' }, { type: 'float' }],
      });
      expect(field('placed_at')).toMatchObject({ type: 'timestamp_tz' });
      expect(field('code')).toMatchObject({ type: 'string', max_length: 8 });
      expect(field('label')).toMatchObject({ generated: "concat('#', toString(id))" });
      expect(found.get(`${shop}.big_orders`)).toMatchObject({
        kind: 'view',
        definition: expect.stringMatching(/^SELECT/) as unknown,
      });
      expect(found.get(`${shop}.per_day`)?.kind).toBe('materialized_view');
      expect([...found.keys()].filter((name) => name.includes('.inner'))).toEqual([]);
    },
    async tearDown() {
      for (const name of [shop, empty]) await run(`DROP DATABASE ${name}`);
    },
  };
}

describeConnector(clickhouse, { server: 'clickhouse', stateless: true, setUp });
