import { writtenType } from '../../families/sql/type-text.js';
import type { Field, NormalizedType } from '../../spi/index.js';

/** What a type says of a field. */
type TypeFacts = Pick<Field, 'type' | 'max_length' | 'precision' | 'scale' | 'fields'>;

const TYPES: Readonly<Record<string, NormalizedType>> = {
  boolean: 'boolean',
  tinyint: 'integer',
  byte: 'integer',
  smallint: 'integer',
  short: 'integer',
  int: 'integer',
  integer: 'integer',
  bigint: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  decimal: 'decimal',
  string: 'string',
  char: 'string',
  varchar: 'string',
  binary: 'binary',
  date: 'date',
  timestamp: 'timestamp_tz',
  timestamp_ntz: 'timestamp',
  array: 'array',
  map: 'map',
  struct: 'object',
  variant: 'json',
  object: 'json',
  geometry: 'geometry',
  geography: 'geometry',
};

const DEPTH = 32;

/** Reads a type such as `array<struct<street:string,zip:int>>`. */
export function typeFacts(text: string, depth = DEPTH): TypeFacts {
  const { name, args } = writtenType(text, '()<>');
  // `string collate UTF8_BINARY`; `interval day to second`.
  const [word = ''] = name.split(' ');
  const type = word === 'interval' ? 'interval' : (TYPES[word] ?? 'unknown');
  const [first = '', second = '0'] = args;
  if (depth === 0) return { type };
  if (type === 'decimal' && first !== '') return { type, precision: Number(first), scale: Number(second) };
  if (type === 'string' && /^\d+$/.test(first)) return { type, max_length: Number(first) };
  if (type === 'object') return { type, fields: args.map((arg, at) => member(arg, at, depth)) };
  if (type === 'array') {
    const { fields } = typeFacts(first, depth - 1);
    return fields === undefined ? { type } : { type, fields };
  }
  return { type };
}

/** `street:string`, the name perhaps in backticks. */
function member(text: string, at: number, depth: number): Field {
  const [, quoted, plain, rest = ''] = /^(?:`((?:[^`]|``)*)`|([^:]*)):(.*)$/s.exec(text) ?? [];
  const written = rest.replace(/\s+COMMENT\s+'.*$/is, '').trim();
  const required = /\s+NOT\s+NULL$/i.test(written);
  const type = written.replace(/\s+NOT\s+NULL$/i, '');
  const name = quoted?.replaceAll('``', '`') ?? plain?.trim() ?? String(at + 1);
  return {
    name,
    ordinal: at + 1,
    native_type: type || 'unknown',
    ...typeFacts(type, depth - 1),
    nullable: !required,
  };
}
