import type { NameFilter } from '../../families/sql/name-filter.js';

/** Databases of the server itself; the two information schemas came with version 21. */
const SYSTEM = ['system', 'information_schema', 'INFORMATION_SCHEMA', '_temporary_and_external_tables'];

/** A text as it may stand in a statement: parameters came with version 19, and only for some places. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const list = (texts: readonly string[]): string => texts.map(literal).join(', ');

/** Which columns of the catalog this version has; each one that may be missing is asked for by `optional`. */
export type Known = ReadonlySet<string>;

export const CATALOG_COLUMNS = `SELECT concat(table, '.', name) FROM system.columns WHERE database = 'system' AND table IN ('tables', 'columns', 'data_skipping_indices')`;

const optional = (known: Known, table: string, column: string, otherwise: string): string =>
  known.has(`${table}.${column}`) ? column : otherwise;

/** Tables that a materialized view keeps its rows in are a part of it. */
const VISIBLE = "NOT startsWith(name, '.inner.') AND NOT startsWith(name, '.inner_id.') AND is_temporary = 0";

function filtered({ include, exclude }: NameFilter): string {
  const like = (patterns: readonly string[]): string =>
    patterns.map((pattern) => `concat(database, '.', name) LIKE ${literal(pattern)}`).join(' OR ');
  return (
    (include.length > 0 ? ` AND (${like(include)})` : '') +
    (exclude.length > 0 ? ` AND NOT (${like(exclude)})` : '')
  );
}

/** Databases, in their order. */
export function databases(database: string | undefined): string {
  const where = database === undefined ? `name NOT IN (${list(SYSTEM)})` : `name = ${literal(database)}`;
  return `SELECT name FROM system.databases WHERE ${where} ORDER BY name`;
}

/** How many tables the filter leaves in each database. */
export function counts(names: NameFilter, database: string | undefined): string {
  const where =
    database === undefined ? `database NOT IN (${list(SYSTEM)})` : `database = ${literal(database)}`;
  return `SELECT database, count() FROM system.tables WHERE ${where} AND ${VISIBLE}${filtered(names)} GROUP BY database`;
}

export interface TablePage {
  readonly database: string;
  readonly names: NameFilter;
  /** The last table of the page before. */
  readonly after?: string | undefined;
  readonly size: number;
}

/**
 * One page of tables: name, engine, keys, comment, estimates, and the text of views. The text of a table is not asked for:
 * its engine may hold a password.
 */
export function tables({ database, names, after, size }: TablePage, known: Known): string {
  const columns = [
    'name',
    'engine',
    'partition_key',
    'sorting_key',
    'primary_key',
    'sampling_key',
    optional(known, 'tables', 'comment', "''"),
    optional(known, 'tables', 'total_rows', 'NULL'),
    optional(known, 'tables', 'total_bytes', 'NULL'),
    "if(engine LIKE '%View', create_table_query, '')",
  ];
  const from = after === undefined ? '' : ` AND name > ${literal(after)}`;
  return `SELECT ${columns.join(', ')} FROM system.tables WHERE database = ${literal(database)} AND ${VISIBLE}${filtered(names)}${from} ORDER BY name LIMIT ${String(size)}`;
}

/** Columns of these tables, in the order of the table. */
export function columns(database: string, among: readonly string[], known: Known): string {
  const order = known.has('columns.position') ? ' ORDER BY table, position' : '';
  return `SELECT table, name, type, default_kind, default_expression, comment FROM system.columns WHERE database = ${literal(database)} AND table IN (${list(among)})${order}`;
}

/** Indexes that skip blocks; undefined before version 20. */
export function skippingIndexes(
  database: string,
  among: readonly string[],
  known: Known,
): string | undefined {
  if (!known.has('data_skipping_indices.expr')) return undefined;
  return `SELECT table, name, type, expr FROM system.data_skipping_indices WHERE database = ${literal(database)} AND table IN (${list(among)})`;
}

/** Rows and bytes of the parts, for versions whose tables do not tell them. */
export function sizes(database: string, among: readonly string[], known: Known): string | undefined {
  if (known.has('tables.total_rows')) return undefined;
  return `SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = ${literal(database)} AND table IN (${list(among)}) GROUP BY table`;
}
