/** SHOW gives so many rows at most; of columns and keys the rest cannot be asked for at all. */
export const MOST_ROWS = 10_000;

/** An identifier as it may stand in a statement. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** A name as a pattern of LIKE that fits nothing else but other cases of it. */
export function pattern(name: string): string {
  return literal(name.replaceAll(/[\\%_]/g, (char) => `\\${char}`));
}

/** A schema and the name of its scope: the database is a part of it where all databases are read. */
export interface Place {
  readonly database: string;
  readonly schema: string;
  readonly scope: string;
}

const inSchema = ({ database, schema }: Place): string =>
  ` IN SCHEMA ${identifier(database)}.${identifier(schema)}`;

/** Lists that can be read on behind a name. */
const paged = (what: string, place: string, after: string | undefined): string =>
  `SHOW ${what}${place} LIMIT ${String(MOST_ROWS)}${after === undefined ? '' : ` FROM ${literal(after)}`}`;

export const databases = (after?: string): string => paged('DATABASES', '', after);

export const schemas = (database: string, after?: string): string =>
  paged('SCHEMAS', ` IN DATABASE ${identifier(database)}`, after);

export const tables = (place: Place, after?: string): string => paged('TABLES', inSchema(place), after);

export const views = (place: Place, after?: string): string => paged('VIEWS', inSchema(place), after);

export const columns = (place: Place): string => `SHOW COLUMNS${inSchema(place)}`;

export const columnsOfTable = ({ database, schema }: Place, table: string): string =>
  `SHOW COLUMNS IN TABLE ${identifier(database)}.${identifier(schema)}.${identifier(table)}`;

export const keys = (kind: 'PRIMARY' | 'UNIQUE' | 'IMPORTED', place: Place): string =>
  `SHOW ${kind} KEYS${inSchema(place)}`;
