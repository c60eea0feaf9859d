import { splitList } from '../../families/sql/type-text.js';
import type { Field, NormalizedType } from '../../spi/index.js';

/** A type as it is written: a name, and what stands in its parentheses. */
interface Parsed {
  readonly name: string;
  readonly args: readonly string[];
}

/** What a type says of a field. */
export type TypeFacts = Pick<
  Field,
  'type' | 'nullable' | 'max_length' | 'precision' | 'scale' | 'values' | 'fields'
>;

const TYPES: Readonly<Record<string, NormalizedType>> = {
  Bool: 'boolean',
  BFloat16: 'float',
  Float32: 'float',
  Float64: 'float',
  String: 'string',
  FixedString: 'string',
  Date: 'date',
  Date32: 'date',
  Time: 'time',
  Time64: 'time',
  // Seconds since 1970, whatever time zone they are shown in.
  DateTime: 'timestamp_tz',
  DateTime64: 'timestamp_tz',
  UUID: 'uuid',
  IPv4: 'network',
  IPv6: 'network',
  Enum8: 'enum',
  Enum16: 'enum',
  Array: 'array',
  Nested: 'array',
  Tuple: 'object',
  Map: 'map',
  JSON: 'json',
  Object: 'json',
  Point: 'geometry',
  Ring: 'geometry',
  LineString: 'geometry',
  MultiLineString: 'geometry',
  Polygon: 'geometry',
  MultiPolygon: 'geometry',
  AggregateFunction: 'binary',
};

/** Digits of the decimals that are named by their width. */
const DECIMALS: Readonly<Record<string, number>> = {
  Decimal32: 9,
  Decimal64: 18,
  Decimal128: 38,
  Decimal256: 76,
};

/** A type inside a type inside a type: no server has ever needed more. */
const DEPTH = 32;

/** Reads a type such as `Array(LowCardinality(Nullable(String)))`. */
export function typeFacts(text: string, depth = DEPTH): TypeFacts {
  const { name, args } = parse(text);
  if (depth === 0) return { type: 'unknown', nullable: false };
  const [first = ''] = args;
  if (name === 'Nullable') return { ...typeFacts(first, depth - 1), nullable: true };
  if (name === 'LowCardinality') return typeFacts(first, depth - 1);
  if (name === 'SimpleAggregateFunction') return typeFacts(args.at(-1) ?? '', depth - 1);
  return { nullable: false, ...ownFacts(name, args, depth) };
}

function ownFacts(name: string, args: readonly string[], depth: number): Omit<TypeFacts, 'nullable'> {
  const [first = ''] = args;
  if (/^U?Int\d+$/.test(name)) return { type: 'integer' };
  if (name.startsWith('Interval')) return { type: 'interval' };
  if (name === 'Decimal') return { type: 'decimal', precision: Number(first), scale: Number(args[1] ?? 0) };
  const digits = DECIMALS[name];
  if (digits !== undefined) return { type: 'decimal', precision: digits, scale: Number(first) };
  const type = TYPES[name] ?? 'unknown';
  if (name === 'FixedString') return { type, max_length: Number(first) };
  if (type === 'enum') return { type, values: args.map(memberOf) };
  if (name === 'Tuple' || name === 'Nested') return { type, fields: members(args, depth) };
  if (name === 'Array') {
    const { fields } = typeFacts(first, depth - 1);
    return fields === undefined ? { type } : { type, fields };
  }
  return { type };
}

/** `name Type`, or the type alone: such a member is known by its place. */
function members(args: readonly string[], depth: number): Field[] {
  const names = new Set<string>();
  return args.map((arg, at) => {
    const [, quoted, plain, type = arg] = /^(?:`((?:[^`\\]|\\.)+)`|([A-Za-z_]\w*))\s+(.+)$/s.exec(arg) ?? [];
    const given = quoted?.replaceAll(/\\(.)/gs, '$1') ?? plain ?? String(at + 1);
    const name = names.has(given) ? `${given}#${String(at + 1)}` : given;
    names.add(name);
    return { name, ordinal: at + 1, native_type: type, ...typeFacts(type, depth - 1) };
  });
}

/** `a` of `'a' = 1`. */
function memberOf(text: string): string {
  const quoted = /^'((?:[^'\\]|\\.|'')*)'/s.exec(text)?.[1] ?? text;
  return quoted.replaceAll("''", "'").replaceAll(/\\(.)/gs, '$1');
}

function parse(text: string): Parsed {
  const [, name = '', inner] = /^\s*([A-Za-z0-9_]+)\s*(?:\((.*)\))?\s*$/s.exec(text) ?? [];
  return { name, args: inner === undefined ? [] : splitList(inner) };
}
