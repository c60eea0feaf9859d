import { writtenType } from '../../families/sql/type-text.js';
import type { Field, NormalizedType } from '../../spi/index.js';

/** What a type says of a field. */
type TypeFacts = Pick<Field, 'type' | 'max_length' | 'precision' | 'scale' | 'fields'>;

const TYPES: Readonly<Record<string, NormalizedType>> = {
  boolean: 'boolean',
  tinyint: 'integer',
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  real: 'float',
  double: 'float',
  decimal: 'decimal',
  number: 'decimal',
  varchar: 'string',
  char: 'string',
  varbinary: 'binary',
  json: 'json',
  date: 'date',
  time: 'time',
  'time with time zone': 'time',
  timestamp: 'timestamp',
  'timestamp with time zone': 'timestamp_tz',
  'interval year to month': 'interval',
  'interval day to second': 'interval',
  uuid: 'uuid',
  ipaddress: 'network',
  geometry: 'geometry',
  sphericalgeography: 'geometry',
  array: 'array',
  map: 'map',
  row: 'object',
  hyperloglog: 'binary',
  p4hyperloglog: 'binary',
  qdigest: 'binary',
  tdigest: 'binary',
};

const DEPTH = 32;

/** Reads a type such as `array(row(street varchar, zip integer))`. */
export function typeFacts(text: string, depth = DEPTH): TypeFacts {
  const { name, args } = writtenType(text);
  const type = TYPES[name] ?? 'unknown';
  const [first = '', second = '0'] = args;
  if (depth === 0) return { type };
  if (name === 'decimal' && first !== '') return { type, precision: Number(first), scale: Number(second) };
  if (type === 'string' && first !== '') return { type, max_length: Number(first) };
  if (type === 'object') return { type, fields: args.map((arg, at) => member(arg, at, depth)) };
  if (type === 'array') {
    const { fields } = typeFacts(first, depth - 1);
    return fields === undefined ? { type } : { type, fields };
  }
  return { type };
}

/** `street varchar`; a name with spaces may stand without quotes, so the type begins where one is known. */
function member(text: string, at: number, depth: number): Field {
  const words = text.split(' ');
  const quoted = /^"((?:[^"]|"")*)"\s+(.*)$/s.exec(text);
  let split = 1;
  while (split < words.length - 1 && !(writtenType(words.slice(split).join(' ')).name in TYPES)) split += 1;
  const [name, type] = quoted
    ? [quoted[1]?.replaceAll('""', '"') ?? '', quoted[2] ?? '']
    : words.length === 1
      ? [`field${String(at)}`, text]
      : [words.slice(0, split).join(' '), words.slice(split).join(' ')];
  return { name, ordinal: at + 1, native_type: type, ...typeFacts(type, depth - 1), nullable: true };
}
