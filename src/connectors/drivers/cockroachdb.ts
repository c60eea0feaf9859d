import { connectionSpec } from '../spi/index.js';
import { STATEMENT_MS } from './postgresql/line.js';
import { connectLine, type Dialect } from './postgresql/login.js';
import { relativeCatalog, type RelativeViews } from './postgresql/relative-catalog.js';
import { postgresqlRelative } from './postgresql/relatives.js';
import { postgresqlFields } from './postgresql/spec.js';

/** It takes the settings of PostgreSQL that are named here; what it calls server_version is the PostgreSQL that it imitates. */
const DIALECT: Dialect = {
  setUp: `select version(), current_setting('server_version_num'), pg_backend_pid() = $1::int,
    set_config('default_transaction_read_only', 'on', false), set_config('statement_timeout', '${String(STATEMENT_MS)}', false)`,
  serverOf: (version) => ({
    product: 'CockroachDB',
    version: /CockroachDB \w+ v([\d.]+)/.exec(version)?.[1] ?? 'unknown',
  }),
};

const VIEWS: RelativeViews = {
  version: 'cockroachdb/1',
  schemas: 'information_schema.schemata',
  hidden: ['information_schema', 'crdb_internal', 'pg_catalog', 'pg_extension'],
  tables: `(select t.table_schema, t.table_name::varchar as table_name, t.table_type, d.description as comment
    from information_schema.tables t
    join pg_namespace n on n.nspname = t.table_schema
    join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
    left join pg_description d on d.objoid = c.oid and d.objsubid = 0)`,
  columns: `(select t.table_schema, t.table_name::varchar as table_name, t.column_name, t.ordinal_position, t.data_type, t.is_nullable,
      t.column_default, t.character_maximum_length, t.numeric_precision, t.numeric_scale, d.description as comment
    from information_schema.columns t
    join pg_namespace n on n.nspname = t.table_schema
    join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
    left join pg_description d on d.objoid = c.oid and d.objsubid = t.ordinal_position)`,
  checks: true,
  indexes: true,
};

/** CockroachDB over PostgreSQL's protocol. */
export const cockroachdb = postgresqlRelative({
  type: 'cockroachdb',
  title: 'CockroachDB',
  spec: connectionSpec('cockroachdb', postgresqlFields(26257)),
  connect: (config, context) => connectLine(config, context, DIALECT),
  catalog: (line) => relativeCatalog(line, VIEWS),
});
