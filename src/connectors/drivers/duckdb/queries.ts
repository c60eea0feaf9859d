import type { NameFilter } from '../../families/sql/name-filter.js';

export interface Statement {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

const RELATIONS = `
  SELECT schema_name, table_name AS name, 'table' AS kind, comment, estimated_size AS row_count, NULL AS definition
  FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal AND NOT temporary
  UNION ALL
  SELECT schema_name, view_name, 'view', comment, NULL, sql
  FROM duckdb_views() WHERE database_name = current_database() AND NOT internal AND NOT temporary`;

function chosen({ include, exclude }: NameFilter): Statement {
  const like = `(schema_name || '.' || name) LIKE ? ESCAPE '\\'`;
  const wanted = include.length === 0 ? '' : ` AND (${include.map(() => like).join(' OR ')})`;
  return { sql: wanted + exclude.map(() => ` AND NOT ${like}`).join(''), params: [...include, ...exclude] };
}

/** Schemas of the file with how many relations the filter leaves in them; without a filter the empty ones too. */
export function scopes(names: NameFilter): Statement {
  const filter = chosen(names);
  const empty = names.include.length === 0;
  return {
    sql: `SELECT s.schema_name AS name, count(r.name) AS datasets
      FROM duckdb_schemas() AS s LEFT JOIN (SELECT * FROM (${RELATIONS}) WHERE true${filter.sql}) AS r
        ON r.schema_name = s.schema_name
      WHERE s.database_name = current_database() AND (NOT s.internal OR s.schema_name = 'main')
      GROUP BY s.schema_name ${empty ? '' : 'HAVING count(r.name) > 0'} ORDER BY s.schema_name`,
    params: filter.params,
  };
}

/** Relations of a schema behind a name, in the order of names. */
export function relations(
  names: NameFilter,
  { schema, after, limit }: { readonly schema: string; readonly after: string; readonly limit: number },
): Statement {
  const filter = chosen(names);
  return {
    sql: `SELECT * FROM (${RELATIONS}) WHERE schema_name = ? AND name > ?${filter.sql} ORDER BY name LIMIT ${String(limit)}`,
    params: [schema, after, ...filter.params],
  };
}

/** Names from the first to the last of a page. */
export interface Span {
  readonly schema: string;
  readonly first: string;
  readonly last: string;
}

const within =
  (sql: string, name = 'table_name') =>
  ({ schema, first, last }: Span): Statement => ({
    sql: sql.replace(
      '$span',
      `database_name = current_database() AND schema_name = ? AND ${name} BETWEEN ? AND ?`,
    ),
    params: [schema, first, last],
  });

export const columns = within(
  `SELECT table_name AS relation, column_name AS name, data_type, is_nullable, column_default AS standard, comment,
     numeric_precision, numeric_scale
   FROM duckdb_columns() WHERE $span ORDER BY table_name, column_index`,
);
export const constraints = within(
  `SELECT table_name AS relation, constraint_type AS kind, constraint_name AS name, constraint_column_names AS members, expression,
     referenced_table AS target, referenced_column_names AS reference
   FROM duckdb_constraints() WHERE $span AND constraint_type <> 'NOT NULL' ORDER BY table_name, constraint_index`,
);
export const indexes = within(
  `SELECT table_name AS relation, index_name AS name, is_unique, is_primary, expressions
   FROM duckdb_indexes() WHERE $span ORDER BY table_name, index_name`,
);
