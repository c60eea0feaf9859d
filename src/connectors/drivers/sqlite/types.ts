import type { Field, NormalizedType } from '../../spi/index.js';

const NAMED: readonly (readonly [RegExp, NormalizedType])[] = [
  [/^BOOL/, 'boolean'],
  [/^(?:DATETIME|TIMESTAMP)/, 'timestamp'],
  [/^DATE/, 'date'],
  [/^TIME/, 'time'],
  [/^(?:UUID|GUID|UNIQUEIDENTIFIER)/, 'uuid'],
  [/^JSON/, 'json'],
  [/^(?:DECIMAL|NUMERIC|NUMBER|MONEY)/, 'decimal'],
  [/^(?:GEOMETRY|POINT|LINESTRING|POLYGON|MULTI)/, 'geometry'],
  // The rules of SQLite for the affinity of any other name, in its own order.
  [/INT/, 'integer'],
  [/CHAR|CLOB|TEXT/, 'string'],
  [/BLOB/, 'binary'],
  [/REAL|FLOA|DOUB/, 'float'],
];

type TypeFacts = Pick<Field, 'native_type' | 'type' | 'precision' | 'scale' | 'max_length'>;

/** What a declared type stands for. Any value may be in any column all the same, unless the table is strict. */
export function sqliteType(declared: string): TypeFacts {
  const native = declared.trim();
  if (native === '' || native.toUpperCase() === 'ANY') return { native_type: 'ANY', type: 'unknown' };
  const type = NAMED.find(([pattern]) => pattern.test(native.toUpperCase()))?.[1] ?? 'decimal';
  const [, first, second] = /\(\s*(\d{1,9})\s*(?:,\s*(\d{1,9})\s*)?\)/.exec(native) ?? [];
  if (first === undefined) return { native_type: native, type };
  if (type === 'decimal')
    return { native_type: native, type, precision: Number(first), scale: Number(second ?? 0) };
  return { native_type: native, type, ...(type === 'string' ? { max_length: Number(first) } : {}) };
}
