import type { NormalizedType } from '../../spi/index.js';

const TYPES: Readonly<Record<string, NormalizedType>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  bit: 'binary',
  char: 'string',
  varchar: 'string',
  tinytext: 'string',
  text: 'string',
  mediumtext: 'string',
  longtext: 'string',
  binary: 'binary',
  varbinary: 'binary',
  tinyblob: 'binary',
  blob: 'binary',
  mediumblob: 'binary',
  longblob: 'binary',
  date: 'date',
  time: 'time',
  // A datetime is what a calendar and a clock on the wall say; a timestamp is a moment.
  datetime: 'timestamp',
  timestamp: 'timestamp_tz',
  enum: 'enum',
  set: 'array',
  json: 'json',
  uuid: 'uuid',
  inet4: 'network',
  inet6: 'network',
  vector: 'array',
  geometry: 'geometry',
  point: 'geometry',
  linestring: 'geometry',
  polygon: 'geometry',
  multipoint: 'geometry',
  multilinestring: 'geometry',
  multipolygon: 'geometry',
  geometrycollection: 'geometry',
  geomcollection: 'geometry',
};

/**
 * @param dataType such as `tinyint`.
 * @param columnType such as `tinyint(1)`, which is how both servers keep a BOOLEAN.
 */
export function normalizedType(dataType: string, columnType: string): NormalizedType {
  if (columnType === 'tinyint(1)' || columnType === 'bit(1)') return 'boolean';
  return TYPES[dataType] ?? 'unknown';
}

/** The members of `enum('a','b''c')` or of a set; undefined for any other type. */
export function membersOf(columnType: string): string[] | undefined {
  const list = /^(?:enum|set)\((.*)\)$/is.exec(columnType)?.[1];
  if (list === undefined) return undefined;
  return [...list.matchAll(/'((?:[^']|'')*)'/g)].map(([, text = '']) => text.replaceAll("''", "'"));
}
