import type { NormalizedType } from '../../spi/index.js';

const TYPES: Readonly<Record<string, NormalizedType>> = {
  bit: 'boolean',
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  float: 'float',
  real: 'float',
  char: 'string',
  varchar: 'string',
  text: 'string',
  nchar: 'string',
  nvarchar: 'string',
  ntext: 'string',
  sysname: 'string',
  xml: 'string',
  binary: 'binary',
  varbinary: 'binary',
  image: 'binary',
  timestamp: 'binary',
  rowversion: 'binary',
  date: 'date',
  time: 'time',
  // What a calendar and a clock on the wall say; only an offset makes a moment of it.
  datetime: 'timestamp',
  datetime2: 'timestamp',
  smalldatetime: 'timestamp',
  datetimeoffset: 'timestamp_tz',
  uniqueidentifier: 'uuid',
  json: 'json',
  vector: 'array',
  geometry: 'geometry',
  geography: 'geometry',
};

/** @param name of a built-in type, such as `nvarchar`. */
export function normalizedType(name: string): NormalizedType {
  return Object.hasOwn(TYPES, name) ? (TYPES[name] ?? 'unknown') : 'unknown';
}

const SIZED = /^(n?char|n?varchar|binary|varbinary)$/;

/** Characters or bytes that fit; undefined for types without a limit, and for `max`. */
export function lengthOf(name: string, bytes: number): number | undefined {
  if (!SIZED.test(name) || bytes < 0) return undefined;
  return name.startsWith('n') ? bytes / 2 : bytes;
}

/** A built-in type as a CREATE TABLE has it, such as `nvarchar(50)` or `decimal(12,2)`. */
export function writtenType(name: string, bytes: number, precision: number, scale: number): string {
  if (SIZED.test(name)) return `${name}(${bytes < 0 ? 'max' : String(lengthOf(name, bytes))})`;
  if (name === 'decimal' || name === 'numeric') return `${name}(${String(precision)},${String(scale)})`;
  if (name === 'datetime2' || name === 'time' || name === 'datetimeoffset')
    return `${name}(${String(scale)})`;
  return name;
}
