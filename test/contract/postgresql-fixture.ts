import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { servers, type PostgresMajor, type TestServer } from '../support/servers.js';
import type { ContractSource } from './contract-suite.js';

/** One relation of each kind, and every sort of fact that the catalog tells. */
const SCHEMA = `
  CREATE TYPE level AS ENUM ('basic', 'it''s gold');
  CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
  CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email NOT NULL,
    name varchar(80) COLLATE "C" DEFAULT 'nobody',
    level level NOT NULL DEFAULT 'basic',
    tags text[],
    active boolean NOT NULL DEFAULT true,
    score numeric(12,2) DEFAULT 0.00 CONSTRAINT positive_score CHECK (score >= 0),
    settings jsonb,
    seen_at timestamptz,
    born date,
    doubled numeric(13,2) GENERATED ALWAYS AS (score * 2) STORED,
    address inet,
    key uuid,
    CONSTRAINT customers_email UNIQUE (email)
  );
  COMMENT ON TABLE customers IS 'who buys';
  COMMENT ON COLUMN customers.email IS 'login name';
  CREATE INDEX customers_lower ON customers (lower(name)) WHERE active;
  CREATE TABLE orders (
    id bigint, line int, customer_id bigint NOT NULL,
    PRIMARY KEY (id, line),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
  );
  CREATE TABLE events (id bigint NOT NULL, at timestamp NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE SCHEMA "Größe "" x";
  CREATE TABLE "Größe "" x"."日本" ("a b" int, point point);
  CREATE SCHEMA empty;
  CREATE VIEW good_customers AS SELECT id, email FROM customers WHERE level <> 'basic';
  CREATE MATERIALIZED VIEW totals AS SELECT customer_id, count(*) AS orders FROM orders GROUP BY 1;
`;
const FILLERS = Array.from(
  { length: 30 },
  (_, at) => `CREATE TABLE filler_${String(at)} (id int PRIMARY KEY)`,
);

/**
 * A database of its own on the shared PostgreSQL, with a login that owns nothing.
 *
 * @param fields of the connection that another type than `postgresql` has.
 * @param further statements of the superuser in that database.
 * @param on the server; behind PgBouncer the statements of the superuser go past it.
 */
export async function postgresqlSource(
  fields: Readonly<Record<string, unknown>> = {},
  further: readonly string[] = [],
  on: 'postgres' | `postgres-${PostgresMajor}` | 'pgbouncer' = 'postgres',
): Promise<ContractSource> {
  const server: TestServer & { readonly serverPort?: number } = await servers[on]();
  const { serverPort: port = server.port } = server;
  const login = { host: server.host, port, user: server.username, password: server.password };
  const suffix = randomBytes(5).toString('hex');
  const [database, username] = [`t_${suffix}`, `reader_${suffix}`];
  const password = randomBytes(12).toString('hex');
  const run = async (name: string, statements: readonly string[]): Promise<void> => {
    const client = new pg.Client({ ...login, database: name });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await run('postgres', [
    `CREATE DATABASE ${database}`,
    `CREATE ROLE ${username} LOGIN PASSWORD '${password}'`,
  ]);
  await run(database, [SCHEMA, ...FILLERS, ...further]);
  return {
    connection: {
      type: 'postgresql',
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
      // PgBouncer 1.18 looks accounts up in the database itself, and tries again and again where there is none.
      ...(on === 'pgbouncer' ? {} : { wrongDatabase: { database: 'no_such_database' } }),
      tls: { address: server, ca: server.tls.ca, otherCa: server.tls.otherCa },
    },
    scopes: ['public', 'Größe " x', 'empty'],
    datasets: [
      'public.customers',
      'public.orders',
      'public.events',
      'public.events_2024',
      'public.good_customers',
      'public.totals',
      'Größe " x.日本',
      'public.filler_29',
    ],
    filter: {
      include: ['public.filler_1?', '*.or*'],
      exclude: ['*_1[0-9]', '*_11', '*.filler_19'],
      leaves: [
        'public.orders',
        ...[10, 12, 13, 14, 15, 16, 17, 18].map((at) => `public.filler_${String(at)}`),
      ],
    },
    check(found) {
      const customers = found.get('public.customers');
      expect(customers).toMatchObject({
        kind: 'table',
        comment: 'who buys',
        primary_key: { columns: ['id'] },
        unique_keys: [{ name: 'customers_email', columns: ['email'] }],
      });
      expect(customers?.checks?.find(({ name }) => name === 'positive_score')?.expression).toMatch(
        /score >= /,
      );
      expect(customers?.indexes).toContainEqual(
        expect.objectContaining({
          name: 'customers_lower',
          unique: false,
          method: 'btree',
          predicate: 'active',
        }),
      );
      expect(customers?.fields).toMatchObject([
        { name: 'id', type: 'integer', identity: 'always', nullable: false },
        { name: 'email', comment: 'login name', nullable: false },
        { name: 'name', native_type: 'character varying(80)', type: 'string', max_length: 80 },
        { name: 'level', type: 'enum', values: ['basic', "it's gold"] },
        { name: 'tags', type: 'array' },
        { name: 'active', type: 'boolean', default: 'true' },
        { name: 'score', type: 'decimal', precision: 12, scale: 2 },
        { name: 'settings', type: 'json' },
        { name: 'seen_at', type: 'timestamp_tz' },
        { name: 'born', type: 'date' },
        { name: 'doubled', generated: expect.stringMatching(/score \*/) },
        { name: 'address', type: 'network' },
        { name: 'key', type: 'uuid' },
      ]);
      expect(found.get('public.orders')?.foreign_keys).toMatchObject([
        {
          name: 'orders_customer',
          columns: ['customer_id'],
          references: { schema: 'public', dataset: 'customers', columns: ['id'] },
          on_delete: 'CASCADE',
        },
      ]);
      expect(found.get('public.events')).toMatchObject({
        kind: 'partitioned_table',
        partitioning: 'RANGE (at)',
      });
      expect(found.get('public.events_2024')).toMatchObject({
        kind: 'partition',
        partition_of: { schema: 'public', dataset: 'events' },
      });
      expect(found.get('public.good_customers')?.definition).toMatch(/FROM public.customers/);
      expect(found.get('public.totals')?.kind).toBe('materialized_view');
    },
    async tearDown() {
      await run('postgres', [
        // PostgreSQL 12 cannot drop WITH (FORCE); a pooler keeps its sessions.
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}'`,
        `DROP DATABASE ${database}`,
        `DROP ROLE ${username}`,
      ]);
    },
  };
}
