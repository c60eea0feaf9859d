import { expect } from '@jest/globals';
import { alloydb } from '../../src/connectors/drivers/alloydb.js';
import { auroraPostgresql } from '../../src/connectors/drivers/aurora-postgresql.js';
import { cloudSql } from '../../src/connectors/drivers/cloud-sql.js';
import { cockroachdb } from '../../src/connectors/drivers/cockroachdb.js';
import { rds } from '../../src/connectors/drivers/rds.js';
import { redshift } from '../../src/connectors/drivers/redshift.js';
import { timescaledb } from '../../src/connectors/drivers/timescaledb.js';
import { describeConnector, type ContractSource } from './contract-suite.js';
import { postgresqlSource } from './postgresql-fixture.js';

const COUSIN = 'PostgreSQL answers in its place: what only the service does is not shown.';

for (const definition of [timescaledb, alloydb, auroraPostgresql])
  describeConnector(definition, {
    server: 'postgres',
    unproven: { service: COUSIN },
    setUp: () => postgresqlSource({ type: definition.type }),
  });

for (const definition of [rds, cloudSql])
  describeConnector(definition, {
    server: 'postgres',
    unproven: { service: COUSIN },
    setUp: () => postgresqlSource({ type: definition.type, engine: 'postgresql' }),
  });

/** information_schema shows a login what it may use. */
const READABLE =
  'GRANT SELECT ON ALL TABLES IN SCHEMA public, "Größe "" x" TO public; GRANT USAGE ON SCHEMA "Größe "" x", empty TO public';

/** The views of Redshift that are read, over the catalog of PostgreSQL. */
const SVV = [
  'SET allow_system_table_mods = on',
  `CREATE VIEW pg_catalog.svv_all_schemas AS SELECT current_database() AS database_name, nspname AS schema_name FROM pg_namespace`,
  `CREATE VIEW pg_catalog.svv_all_tables AS SELECT current_database() AS database_name, n.nspname AS schema_name, c.relname AS table_name,
     CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS table_type, obj_description(c.oid) AS remarks
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'p', 'm')`,
  `CREATE VIEW pg_catalog.svv_all_columns AS SELECT table_catalog AS database_name, table_schema AS schema_name, table_name, column_name,
     ordinal_position, data_type, is_nullable, column_default, character_maximum_length, numeric_precision, numeric_scale,
     col_description((quote_ident(table_schema) || '.' || quote_ident(table_name))::regclass, ordinal_position) AS remarks
     FROM information_schema.columns`,
  `CREATE VIEW pg_catalog.svv_table_info AS SELECT n.nspname::text AS schema, c.relname::text AS table, 12 AS tbl_rows, 3 AS size,
     'KEY(id)'::text AS diststyle, 'id'::text AS sortkey1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'`,
  'GRANT SELECT ON pg_catalog.svv_all_schemas, pg_catalog.svv_all_tables, pg_catalog.svv_all_columns, pg_catalog.svv_table_info TO public',
  READABLE,
];

/** What both relatives with a catalog of their own find of the same database. */
function relativeSource(source: ContractSource, check: ContractSource['check']): ContractSource {
  return {
    ...source,
    datasets: [
      'public.customers',
      'public.orders',
      'public.good_customers',
      'Größe " x.日本',
      'public.filler_29',
    ],
    check(found) {
      expect(found.get('public.good_customers')?.kind).toBe('view');
      const customers = found.get('public.customers');
      expect(customers).toMatchObject({
        kind: 'table',
        comment: 'who buys',
        primary_key: { name: 'customers_pkey', columns: ['id'] },
        unique_keys: [{ name: 'customers_email', columns: ['email'] }],
      });
      expect(customers?.fields).toMatchObject([
        { name: 'id', native_type: 'bigint', type: 'integer', nullable: false },
        { name: 'email', comment: 'login name', nullable: false },
        { name: 'name', native_type: 'character varying(80)', type: 'string', max_length: 80 },
        { name: 'level' },
        { name: 'tags', type: 'array' },
        { name: 'active', type: 'boolean', default: 'true' },
        { name: 'score', native_type: 'numeric(12,2)', type: 'decimal', precision: 12, scale: 2 },
        { name: 'settings', type: 'json' },
        { name: 'seen_at', type: 'timestamp_tz' },
        { name: 'born', type: 'date' },
        { name: 'doubled' },
        { name: 'address', type: 'network' },
        { name: 'key', type: 'uuid' },
      ]);
      expect(found.get('public.orders')).toMatchObject({
        primary_key: { columns: ['id', 'line'] },
        foreign_keys: [
          {
            name: 'orders_customer',
            columns: ['customer_id'],
            references: { schema: 'public', dataset: 'customers', columns: ['id'] },
            on_delete: 'CASCADE',
          },
        ],
      });
      check(found);
    },
  };
}

describeConnector(redshift, {
  server: 'postgres',
  double: 'PostgreSQL with the views of Redshift that are read',
  unproven: {
    service: 'Redshift cannot be had here: its own dialect, its limits and external schemas are not shown.',
  },
  setUp: async () =>
    relativeSource(await postgresqlSource({ type: 'redshift' }, SVV), (found) => {
      expect(found.get('public.orders')).toMatchObject({
        row_estimate: 12,
        size_bytes: 3 * 1_048_576,
        properties: { distribution_style: 'KEY(id)', first_sort_key: 'id' },
        indexes: [],
      });
    }),
});

describeConnector(cockroachdb, {
  server: 'postgres',
  double: 'PostgreSQL, read by the views that both have',
  unproven: { service: 'CockroachDB cannot be had here.' },
  setUp: async () =>
    relativeSource(await postgresqlSource({ type: 'cockroachdb' }, [READABLE]), (found) => {
      const customers = found.get('public.customers');
      expect(customers?.checks?.find(({ name }) => name === 'positive_score')?.expression).toMatch(
        /score >= /,
      );
      expect(customers?.indexes).toContainEqual({
        name: 'customers_pkey',
        columns: ['id'],
        unique: true,
        primary: true,
      });
    }),
});
