import type { NameFilter } from '../../families/sql/name-filter.js';
import { literal } from './line.js';

/** A schema and the name of its scope: the catalog is a part of it where all catalogs are read. */
export interface Place {
  readonly catalog: string;
  readonly schema: string;
  readonly scope: string;
}

/** An identifier as it may stand in a statement. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The catalogs but the server's own. */
export const CATALOGS =
  "SELECT catalog_name FROM system.metadata.catalogs WHERE catalog_name <> 'system' ORDER BY 1";

export const schemas = (catalog: string): string =>
  `SELECT schema_name FROM ${quote(catalog)}.information_schema.schemata WHERE schema_name <> 'information_schema' ORDER BY 1`;

function filtered({ scope }: Place, column: string, { include, exclude }: NameFilter): string {
  const like = (patterns: readonly string[]): string =>
    patterns
      .map((pattern) => `concat(${literal(`${scope}.`)}, ${column}) LIKE ${literal(pattern)} ESCAPE '\\'`)
      .join(' OR ');
  return (
    (include.length > 0 ? ` AND (${like(include)})` : '') +
    (exclude.length > 0 ? ` AND NOT (${like(exclude)})` : '')
  );
}

function fromSchema(place: Place, columns: string, view: string, names: NameFilter): string {
  const { catalog, schema } = place;
  return `SELECT ${columns} FROM ${quote(catalog)}.information_schema.${view} WHERE table_schema = ${literal(schema)}${filtered(place, 'table_name', names)}`;
}

export const tables = (place: Place, names: NameFilter): string =>
  `${fromSchema(place, 'table_name, table_type', 'tables', names)} ORDER BY 1`;

/** In the order of the tables; `comment` is a column that does not show in `SELECT *`. */
export const columns = (place: Place, names: NameFilter): string =>
  `${fromSchema(place, 'table_name, column_name, column_default, is_nullable, data_type, comment', 'columns', names)} ORDER BY table_name, ordinal_position`;

export const views = (place: Place, names: NameFilter): string =>
  fromSchema(place, 'table_name, view_definition', 'views', names);

function fromSystem(place: Place, columns: string, view: string, names: NameFilter): string {
  const { catalog, schema } = place;
  const name = view === 'table_comments' ? 'table_name' : 'name';
  return `SELECT ${columns} FROM system.metadata.${view} WHERE catalog_name = ${literal(catalog)} AND schema_name = ${literal(schema)}${filtered(place, name, names)}`;
}

export const comments = (place: Place, names: NameFilter): string =>
  fromSystem(place, 'table_name, comment', 'table_comments', names);

export const materializedViews = (place: Place, names: NameFilter): string =>
  fromSystem(place, 'name, definition', 'materialized_views', names);
