import { isRecord } from '../../families/records/record-sketch.js';
import type { Field, NormalizedType } from '../../spi/index.js';

type Json = Readonly<Record<string, unknown>>;

const types = (type: NormalizedType, ...names: readonly string[]): [string, NormalizedType][] =>
  names.map((name) => [name, type]);

const TYPES: ReadonlyMap<string, NormalizedType> = new Map([
  ...types('boolean', 'boolean'),
  ...types('integer', 'byte', 'short', 'integer', 'long', 'unsigned_long', 'token_count'),
  ...types('float', 'half_float', 'float', 'double', 'scaled_float', 'rank_feature'),
  ...types('string', 'keyword', 'constant_keyword', 'wildcard', 'text', 'match_only_text', 'annotated_text'),
  ...types('string', 'search_as_you_type', 'completion', 'version', 'semantic_text', 'semantic', 'murmur3'),
  ...types('timestamp_tz', 'date', 'date_nanos'),
  ...types('binary', 'binary'),
  ...types('network', 'ip', 'ip_range'),
  ...types('geometry', 'geo_point', 'geo_shape', 'point', 'shape', 'xy_point', 'xy_shape'),
  ...types('object', 'object', 'passthrough', 'histogram', 'aggregate_metric_double', 'percolator', 'join'),
  ...types('object', 'integer_range', 'long_range', 'float_range', 'double_range', 'date_range'),
  ...types('array', 'nested', 'dense_vector', 'knn_vector'),
  ...types('map', 'flattened', 'flat_object', 'rank_features', 'sparse_vector'),
]);

/** Elasticsearch itself stops at 20. */
const MAX_DEPTH = 32;

/** Fields of a mapping, with what it computes at the time of a search. */
export function fieldsOf(mappings: unknown): Field[] {
  if (!isRecord(mappings)) return [];
  const found = [
    ...propertiesOf(mappings.properties, mappings.properties, 0),
    ...runtimeOf(mappings.runtime),
  ];
  return inOrder(found);
}

type Unplaced = Omit<Field, 'ordinal'>;

/** A runtime field may have the name of a mapped one, which it hides. */
function inOrder(found: readonly Unplaced[]): Field[] {
  const last = new Map(found.map((field) => [field.name, field]));
  return [...last.values()].map((field, at) => ({ ...field, ordinal: at + 1 }));
}

function propertiesOf(properties: unknown, root: unknown, depth: number): Unplaced[] {
  if (!isRecord(properties) || depth > MAX_DEPTH) return [];
  return Object.entries(properties).flatMap(([name, value]) => {
    if (!isRecord(value)) return [];
    if (value.type === 'alias' && typeof value.path === 'string')
      return [{ ...plain(name, 'alias', typeAt(root, value.path)), generated: value.path }];
    const native = nativeOf(value);
    const nested = inOrder(propertiesOf(value.properties, root, depth + 1));
    const field = {
      ...plain(name, native, normalized(typeOf(value))),
      ...(nested.length > 0 ? { fields: nested } : {}),
    };
    return [field, ...multiFields(name, value.fields)];
  });
}

/** The same value indexed in other ways, each with a name of its own behind that of the field. */
function multiFields(of: string, fields: unknown): Unplaced[] {
  if (!isRecord(fields)) return [];
  return Object.entries(fields).flatMap(([name, value]) =>
    isRecord(value)
      ? [{ ...plain(`${of}.${name}`, nativeOf(value), normalized(typeOf(value))), generated: of }]
      : [],
  );
}

function runtimeOf(runtime: unknown): Unplaced[] {
  if (!isRecord(runtime)) return [];
  return Object.entries(runtime).flatMap(([name, value]) => {
    if (!isRecord(value)) return [];
    const source = isRecord(value.script) ? value.script.source : undefined;
    return [
      {
        ...plain(name, nativeOf(value), normalized(typeOf(value))),
        generated: typeof source === 'string' ? source.slice(0, 2_000) : 'runtime',
      },
    ];
  });
}

/** Nothing must be in a document, whatever its mapping says. */
const plain = (name: string, native: string, type: NormalizedType): Unplaced => ({
  name,
  native_type: native,
  type,
  nullable: true,
});

const typeOf = (value: Json): string => (typeof value.type === 'string' ? value.type : 'object');

const normalized = (native: string): NormalizedType => TYPES.get(native) ?? 'unknown';

/** Such as `dense_vector(384)` or `scaled_float(100)`. */
function nativeOf(value: Json): string {
  const detail = value.dims ?? value.dimension ?? value.scaling_factor;
  return typeof detail === 'number' ? `${typeOf(value)}(${String(detail)})` : typeOf(value);
}

/** The type of what an alias stands for. */
function typeAt(properties: unknown, path: string): NormalizedType {
  let at = properties;
  let found: unknown;
  for (const name of path.split('.')) {
    found = isRecord(at) && Object.hasOwn(at, name) ? at[name] : undefined;
    at = isRecord(found) ? found.properties : undefined;
  }
  return isRecord(found) ? normalized(typeOf(found)) : 'unknown';
}
