import type { Describe } from '../../families/records/record-sketch.js';
import type { NormalizedType } from '../../spi/index.js';

/** Types by their names in `$jsonSchema`, of BSON and of JSON Schema. */
export const DECLARED: Readonly<Record<string, NormalizedType>> = {
  double: 'float',
  string: 'string',
  object: 'object',
  array: 'array',
  binData: 'binary',
  objectId: 'string',
  bool: 'boolean',
  boolean: 'boolean',
  date: 'timestamp_tz',
  regex: 'string',
  int: 'integer',
  integer: 'integer',
  timestamp: 'timestamp_tz',
  long: 'integer',
  decimal: 'decimal',
  number: 'decimal',
};

/** Names of `$type` by the class that bson makes of a value. */
const CLASSES: Readonly<Record<string, readonly [string, NormalizedType]>> = {
  ObjectId: ['objectId', 'string'],
  Int32: ['int', 'integer'],
  Long: ['long', 'integer'],
  Double: ['double', 'float'],
  Decimal128: ['decimal', 'decimal'],
  Binary: ['binData', 'binary'],
  UUID: ['binData', 'uuid'],
  Timestamp: ['timestamp', 'timestamp_tz'],
  BSONRegExp: ['regex', 'string'],
  BSONSymbol: ['symbol', 'string'],
  Code: ['javascript', 'string'],
  DBRef: ['dbPointer', 'object'],
  MinKey: ['minKey', 'unknown'],
  MaxKey: ['maxKey', 'unknown'],
};

/** What a value of BSON is called. The subtype of a UUID is not told apart by its class. */
export const describeBson: Describe = (value) => {
  if (typeof value === 'boolean') return { native: 'bool', type: 'boolean' };
  if (value instanceof Date) return { native: 'date', type: 'timestamp_tz' };
  if (value instanceof RegExp) return { native: 'regex', type: 'string' };
  if (typeof value !== 'object' || value === null) return undefined;
  const { _bsontype: name, sub_type: subtype } = value as { _bsontype?: unknown; sub_type?: unknown };
  if (typeof name !== 'string' || !Object.hasOwn(CLASSES, name)) return undefined;
  if (name === 'Binary' && subtype === 4) return { native: 'binData', type: 'uuid' };
  const found = CLASSES[name];
  return found && { native: found[0], type: found[1] };
};
