import type { Field, NormalizedType } from '../../spi/index.js';

const NAMED: Readonly<Record<string, NormalizedType>> = {
  BOOLEAN: 'boolean',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  HUGEINT: 'decimal',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'decimal',
  UHUGEINT: 'decimal',
  BIGNUM: 'decimal',
  VARINT: 'decimal',
  FLOAT: 'float',
  DOUBLE: 'float',
  DECIMAL: 'decimal',
  VARCHAR: 'string',
  BLOB: 'binary',
  BIT: 'string',
  DATE: 'date',
  TIME: 'time',
  TIME_NS: 'time',
  'TIME WITH TIME ZONE': 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp_tz',
  INTERVAL: 'interval',
  UUID: 'uuid',
  JSON: 'json',
  VARIANT: 'json',
  GEOMETRY: 'geometry',
  STRUCT: 'object',
  MAP: 'map',
  UNION: 'json',
  ENUM: 'enum',
};

const MAX_DEPTH = 16;

type TypeFacts = Pick<Field, 'native_type' | 'type' | 'precision' | 'scale' | 'values' | 'fields'>;

/** A type as DuckDB writes it, such as `STRUCT("name" VARCHAR, tags VARCHAR[])`. */
export function duckdbType(native: string, depth = 0): TypeFacts {
  const item = /^([\s\S]*)\[\d*\]$/.exec(native)?.[1];
  if (item !== undefined) {
    const { fields } = depth < MAX_DEPTH ? duckdbType(item, depth + 1) : {};
    return { native_type: native, type: 'array', ...(fields ? { fields } : {}) };
  }
  const open = native.indexOf('(');
  const name = open === -1 ? native : native.slice(0, open);
  const type = Object.hasOwn(NAMED, name) ? (NAMED[name] ?? 'unknown') : 'unknown';
  if (open === -1) return { native_type: native, type };
  const parts = partsOf(native.slice(open + 1, -1));
  if (name === 'DECIMAL')
    return { native_type: native, type, precision: Number(parts[0]), scale: Number(parts[1] ?? 0) };
  if (name === 'ENUM') return { native_type: native, type, values: parts.map(unquoted) };
  if (name !== 'STRUCT' || depth >= MAX_DEPTH) return { native_type: native, type };
  const fields = parts.map((part, index): Field => {
    const end = part.startsWith('"') ? endOfQuotes(part, 0) : part.indexOf(' ');
    const facts = duckdbType(part.slice(end).trim(), depth + 1);
    return { name: unquoted(part.slice(0, end)), ordinal: index + 1, ...facts, nullable: true };
  });
  return { native_type: native, type, fields };
}

/** What stands between commas that are in no quotes and no brackets. */
function partsOf(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < list.length; at++) {
    const char = list[at];
    if (char === '"' || char === "'") at = endOfQuotes(list, at) - 1;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      parts.push(list.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, list.slice(from).trim()];
}

/** Behind the closing quote; one that is doubled stands for itself. */
function endOfQuotes(text: string, from: number): number {
  const quote = text[from];
  for (let at = from + 1; at < text.length; at++)
    if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  return text.length;
}

function unquoted(text: string): string {
  const [quote] = text;
  if (quote !== '"' && quote !== "'") return text;
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
