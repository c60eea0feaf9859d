import { connectionSpec, type Remedy } from '../spi/index.js';
import { STATEMENT_MS } from './postgresql/line.js';
import { connectLine, type Dialect } from './postgresql/login.js';
import { relativeCatalog, type RelativeViews } from './postgresql/relative-catalog.js';
import { postgresqlRelative } from './postgresql/relatives.js';
import { quote } from './postgresql/remedies.js';
import { postgresqlFields } from './postgresql/spec.js';

/** Redshift knows few of PostgreSQL's settings, and tells its own version in a text alone. */
const DIALECT: Dialect = {
  setUp: `select version(), '80002', pg_backend_pid() = $1::int,
    set_config('statement_timeout', '${String(STATEMENT_MS)}', false)`,
  serverOf: (version) => ({
    product: 'Amazon Redshift',
    version: /Redshift ([\d.]+)/.exec(version)?.[1] ?? 'unknown',
  }),
};

/** Views that also tell of external schemas and of data shares; SVV_TABLE_INFO is for those who are granted it. */
const VIEWS: RelativeViews = {
  version: 'redshift/1',
  schemas: `(select schema_name from svv_all_schemas where database_name = current_database())`,
  hidden: ['information_schema', 'catalog_history'],
  tables: `(select schema_name as table_schema, table_name::varchar as table_name, table_type, remarks as comment
    from svv_all_tables where database_name = current_database())`,
  columns: `(select schema_name as table_schema, table_name::varchar as table_name, column_name, ordinal_position, data_type, is_nullable,
    column_default, character_maximum_length, numeric_precision, numeric_scale, remarks as comment
    from svv_all_columns where database_name = current_database())`,
  sizes: {
    from: `(select "schema" as table_schema, "table"::varchar as table_name, tbl_rows as row_estimate,
      size * 1048576 as size_bytes, diststyle as a, sortkey1 as b from svv_table_info)`,
    properties: ['distribution_style', 'first_sort_key'],
  },
  checks: false,
  indexes: false,
};

/** Amazon Redshift, provisioned or serverless, over PostgreSQL's protocol. */
export const redshift = postgresqlRelative({
  type: 'redshift',
  title: 'Amazon Redshift',
  category: 'warehouse',
  spec: connectionSpec('redshift', postgresqlFields(5439)),
  connect: (config, context) => connectLine(config, context, DIALECT),
  catalog: (line) => relativeCatalog(line, VIEWS),
  remedy: (code, { username }): Remedy | undefined =>
    code === 'PERMISSION_DENIED'
      ? {
          text: 'Let the login read the views of the catalog; for sizes and row counts grant the role for monitoring as well.',
          sql: [
            `GRANT SELECT ON svv_table_info TO ${quote(username)};`,
            `GRANT ROLE sys:monitor TO ${quote(username)};`,
          ],
        }
      : undefined,
});
