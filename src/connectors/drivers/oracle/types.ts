import type { NormalizedType } from '../../spi/index.js';

/** By the name without what is in brackets, such as `TIMESTAMP WITH TIME ZONE` for `TIMESTAMP(6) WITH TIME ZONE`. */
const TYPES: Readonly<Record<string, NormalizedType>> = {
  FLOAT: 'float',
  BINARY_FLOAT: 'float',
  BINARY_DOUBLE: 'float',
  VARCHAR2: 'string',
  NVARCHAR2: 'string',
  CHAR: 'string',
  NCHAR: 'string',
  CLOB: 'string',
  NCLOB: 'string',
  LONG: 'string',
  ROWID: 'string',
  UROWID: 'string',
  XMLTYPE: 'string',
  RAW: 'binary',
  'LONG RAW': 'binary',
  BLOB: 'binary',
  BFILE: 'binary',
  // A date has hours, minutes and seconds here.
  DATE: 'timestamp',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp_tz',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'timestamp_tz',
  'INTERVAL YEAR TO MONTH': 'interval',
  'INTERVAL DAY TO SECOND': 'interval',
  JSON: 'json',
  BOOLEAN: 'boolean',
  VECTOR: 'array',
  SDO_GEOMETRY: 'geometry',
};

/** @param owned the type belongs to somebody, so it is an object of theirs. */
export function normalizedType(name: string, scale: number | undefined, owned: boolean): NormalizedType {
  // A number without a scale may have one of its own in each row.
  if (name === 'NUMBER') return scale !== undefined && scale <= 0 ? 'integer' : 'decimal';
  const plain = name.replaceAll(/\(\d+\)/g, '');
  if (Object.hasOwn(TYPES, plain)) return TYPES[plain] ?? 'unknown';
  return owned ? 'object' : 'unknown';
}

export interface Measures {
  readonly name: string;
  readonly owner: string | undefined;
  readonly bytes: number;
  readonly characters: number;
  readonly inCharacters: boolean;
  readonly precision: number | undefined;
  readonly scale: number | undefined;
}

/** Characters or bytes that fit; undefined for types without a limit of their own. */
export function lengthOf({ name, bytes, characters }: Measures): number | undefined {
  if (/^N?(VAR)?CHAR2?$/.test(name)) return characters;
  return name === 'RAW' ? bytes : undefined;
}

/** A type as a CREATE TABLE has it, such as `NUMBER(12,2)` or `VARCHAR2(20 CHAR)`. */
export function writtenType(of: Measures): string {
  const { name, owner, precision, scale } = of;
  if (owner !== undefined && owner !== 'SYS' && owner !== 'PUBLIC') return `${owner}.${name}`;
  const length = lengthOf(of);
  if (length !== undefined)
    return `${name}(${String(length)}${of.inCharacters && !name.startsWith('N') ? ' CHAR' : ''})`;
  if (name === 'NUMBER' && (precision !== undefined || scale !== undefined))
    return `NUMBER(${precision === undefined ? '*' : String(precision)}${scale === undefined || scale === 0 ? (precision === undefined ? ',0' : '') : `,${String(scale)}`})`;
  return name === 'FLOAT' && precision !== undefined ? `FLOAT(${String(precision)})` : name;
}
