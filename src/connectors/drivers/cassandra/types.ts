import { writtenType } from '../../families/sql/type-text.js';
import type { Field, NormalizedType } from '../../spi/index.js';

const TYPES: Readonly<Record<string, NormalizedType>> = {
  ascii: 'string',
  bigint: 'integer',
  blob: 'binary',
  boolean: 'boolean',
  counter: 'integer',
  date: 'date',
  decimal: 'decimal',
  double: 'float',
  duration: 'interval',
  float: 'float',
  inet: 'network',
  int: 'integer',
  list: 'array',
  map: 'map',
  set: 'array',
  smallint: 'integer',
  text: 'string',
  time: 'time',
  // A moment, whatever the zone of who reads it.
  timestamp: 'timestamp_tz',
  timeuuid: 'uuid',
  tinyint: 'integer',
  tuple: 'array',
  uuid: 'uuid',
  varchar: 'string',
  varint: 'integer',
  vector: 'array',
};

/** User-defined types of a keyspace: the names and the written types of their fields, by their own names. */
export type UserTypes = ReadonlyMap<string, readonly (readonly [name: string, type: string])[]>;

/** Types in types; the server's own limit is lower, and a type never holds itself. */
const MAX_DEPTH = 8;

/** What a written type means, such as `frozen<map<text, int>>` or `vector<float, 3>`, and the fields that it has inside. */
export function describeType(
  written: string,
  types: UserTypes,
  depth = 0,
): Pick<Field, 'type'> & Partial<Pick<Field, 'fields'>> {
  const { name, args } = writtenType(written, '()<>');
  const [first = ''] = args;
  if (name === 'frozen') return describeType(first, types, depth);
  // A type of one's own in Java.
  if (written.startsWith("'")) return { type: 'unknown' };
  const known = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (known === 'array' && name !== 'tuple') {
    const { fields } = depth < MAX_DEPTH ? describeType(first, types, depth + 1) : {};
    return { type: known, ...(fields ? { fields } : {}) };
  }
  if (known) return { type: known };
  const own = types.get(unquoted(written));
  if (!own) return { type: 'unknown' };
  if (depth >= MAX_DEPTH) return { type: 'object' };
  const fields = own.map(([field, type], at) => ({
    name: field,
    ordinal: at + 1,
    native_type: type,
    ...describeType(type, types, depth + 1),
    nullable: true,
  }));
  return { type: 'object', fields };
}

/** A name as it is, of how it is written in CQL. */
export function unquoted(written: string): string {
  const text = written.trim();
  return text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}

/** A name as it may stand in CQL, whatever characters are in it. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A text as it may stand in CQL. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
