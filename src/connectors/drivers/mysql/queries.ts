import type { NameFilter } from '../../families/sql/name-filter.js';
import type { Flavor } from './line.js';

/**
 * Each view of information_schema is read alone and by schema, and joined in memory: a join between these views makes
 * MariaDB open every table again for every row. Columns are taken by their place: MySQL 8 writes their names in capitals.
 */
export interface Statement {
  readonly sql: string;
  readonly values: readonly string[];
}

/** What is read: one schema, all that the filter leaves of it, or one table alone. */
export interface Where {
  readonly schema: string;
  readonly names: NameFilter;
  readonly table?: string;
}

const SYSTEM_SCHEMAS = [
  'information_schema',
  'performance_schema',
  'mysql',
  'sys',
  'ndbinfo',
  'metrics_schema',
];

/** `schema.table`; both servers compare names in this catalog without case, a filter does not. */
const FULL_NAME = "CONVERT(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) USING utf8mb4) COLLATE utf8mb4_bin";

/** The backslash is an escape character only in some SQL modes: the bar takes its place. */
function barEscaped(pattern: string): string {
  return pattern.replaceAll(/\\(.)|\|/gsu, (part, char: string | undefined) =>
    char === undefined ? '||' : char === '\\' ? '\\' : `|${char}`,
  );
}

function nameCondition({ include, exclude }: NameFilter): Statement {
  const like = (patterns: readonly string[]): string =>
    patterns.map(() => `${FULL_NAME} LIKE ? ESCAPE '|'`).join(' OR ');
  const sql =
    (include.length > 0 ? ` AND (${like(include)})` : '') +
    (exclude.length > 0 ? ` AND NOT (${like(exclude)})` : '');
  return { sql, values: [...include, ...exclude].map(barEscaped) };
}

function select(columns: string, view: string, where: Where, more = ''): Statement {
  const { schema, names, table } = where;
  const base = `SELECT ${columns} FROM information_schema.${view} WHERE TABLE_SCHEMA = ?`;
  if (table !== undefined) return { sql: `${base} AND TABLE_NAME = ?${more}`, values: [schema, table] };
  const filter = nameCondition(names);
  return { sql: `${base}${filter.sql}${more}`, values: [schema, ...filter.values] };
}

/** Schemas with how many relations the filter leaves in them: names alone, so no table is opened for it. */
export function scopeCounts(names: NameFilter, database: string | undefined): Statement {
  const filter = nameCondition(names);
  const where =
    database === undefined
      ? `TABLE_SCHEMA NOT IN (${SYSTEM_SCHEMAS.map((name) => `'${name}'`).join(', ')})`
      : 'TABLE_SCHEMA = ?';
  return {
    sql: `SELECT TABLE_SCHEMA, COUNT(*) FROM information_schema.TABLES WHERE ${where}${filter.sql} GROUP BY TABLE_SCHEMA ORDER BY TABLE_SCHEMA`,
    values: [...(database === undefined ? [] : [database]), ...filter.values],
  };
}

export const SCHEMAS: Statement = {
  sql: `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN (${SYSTEM_SCHEMAS.map((name) => `'${name}'`).join(', ')})`,
  values: [],
};

/** The last column says that the table is so young that another change could come within the same second. */
export const tables = (where: Where): Statement =>
  select(
    'TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT, CREATE_TIME, TABLE_ROWS, DATA_LENGTH + INDEX_LENGTH, CREATE_TIME >= NOW() - INTERVAL 3 SECOND',
    'TABLES',
    where,
    " AND TABLE_TYPE NOT IN ('SYSTEM VIEW', 'TEMPORARY', 'TEMPORARY SEQUENCE')",
  );

/** Generated columns came with MariaDB 10.2 and MySQL 5.7. */
export const columns = (where: Where, { mariadb, number }: Flavor): Statement =>
  select(
    `TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, COLUMN_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, COLLATION_NAME, EXTRA, COLUMN_COMMENT, ${
      number >= (mariadb ? 100_200 : 50_700) ? 'GENERATION_EXPRESSION' : 'NULL'
    }`,
    'COLUMNS',
    where,
  );

/** An index may hold expressions since MySQL 8.0.13. */
export const indexes = (where: Where, { mariadb, number }: Flavor): Statement =>
  select(
    `TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, NON_UNIQUE, COLUMN_NAME, SUB_PART, INDEX_TYPE, ${
      !mariadb && number >= 80_013 ? 'EXPRESSION' : 'NULL'
    }`,
    'STATISTICS',
    where,
  );

export const foreignKeys = ({ schema, table }: Where): Statement => ({
  sql: `SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?${
    table === undefined ? '' : ' AND TABLE_NAME = ?'
  }`,
  values: table === undefined ? [schema] : [schema, table],
});

export const foreignKeyColumns = (where: Where): Statement =>
  select(
    'TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME',
    'KEY_COLUMN_USAGE',
    where,
    ' AND REFERENCED_TABLE_NAME IS NOT NULL',
  );

/**
 * Checks came with MariaDB 10.2.22 and MySQL 8.0.16; undefined before. MySQL says in another view which table one is
 * of: there this view is a dictionary table, and the join is harmless.
 */
export function checks({ schema, table }: Where, { mariadb, number }: Flavor): Statement | undefined {
  if (number < (mariadb ? 100_222 : 80_016)) return undefined;
  const values = table === undefined ? [schema] : [schema, table];
  if (mariadb)
    return {
      sql: `SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ?${
        table === undefined ? '' : ' AND TABLE_NAME = ?'
      }`,
      values,
    };
  return {
    sql: `SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND t.CONSTRAINT_TYPE = 'CHECK' WHERE c.CONSTRAINT_SCHEMA = ?${
      table === undefined ? '' : ' AND t.TABLE_NAME = ?'
    }`,
    values,
  };
}

export const partitions = (where: Where): Statement =>
  select(
    'TABLE_NAME, PARTITION_ORDINAL_POSITION, PARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION, SUBPARTITION_METHOD, SUBPARTITION_EXPRESSION',
    'PARTITIONS',
    where,
    ' AND PARTITION_NAME IS NOT NULL',
  );

export const views = (where: Where): Statement => select('TABLE_NAME, VIEW_DEFINITION', 'VIEWS', where);

/** Commands that change what a catalog shows, or what an account may see of it; see `MysqlCatalog.token`. */
export const DDL_COUNTERS: Statement = {
  sql: `SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE (VARIABLE_NAME LIKE 'COM|_ALTER|_%' ESCAPE '|' OR VARIABLE_NAME LIKE 'COM|_CREATE|_%' ESCAPE '|' OR VARIABLE_NAME LIKE 'COM|_DROP|_%' ESCAPE '|' OR VARIABLE_NAME LIKE 'COM|_RENAME|_%' ESCAPE '|' OR VARIABLE_NAME LIKE 'COM|_GRANT%' ESCAPE '|' OR VARIABLE_NAME LIKE 'COM|_REVOKE%' ESCAPE '|' OR VARIABLE_NAME IN ('COM_TRUNCATE', 'COM_FLUSH', 'COM_INSTALL_PLUGIN', 'COM_UNINSTALL_PLUGIN', 'THREADS_RUNNING', 'SLAVES_RUNNING')) AND VARIABLE_NAME NOT LIKE '%|_TEMPORARY|_%' ESCAPE '|' UNION ALL SELECT 'STARTED', UNIX_TIMESTAMP() - VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'UPTIME' UNION ALL SELECT 'SERVER', CONCAT(@@hostname, ':', @@port, ':', @@server_id) UNION ALL SELECT 'EVENTS', @@event_scheduler`,
  values: [],
};
