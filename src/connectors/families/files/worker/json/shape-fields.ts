import type { Field, NormalizedType } from '../../../../spi/metadata.js';
import { typeOfKinds } from '../column-tally.js';
import { fieldName, type JsonKind, type Shape } from './shape.js';

/** Fields of the records: their keys, or one field `value` where records are not all objects. */
export function recordFields(record: Shape): Field[] {
  if (record.kinds.size === 0 && record.nulls === 0) return [];
  const onlyObjects = record.nulls === 0 && record.kinds.size === 1 && record.kinds.has('object');
  return onlyObjects ? keyFields(record) : [field('value', 1, record, record.present)];
}

function keyFields(shape: Shape): Field[] {
  const taken = new Set<string>();
  return [...shape.keys].map(([key, child], index) => {
    let name = fieldName(key);
    // Only what was cut or replaced can meet another name here.
    for (let number = 2; taken.has(name); number++) name = `${fieldName(key)}_${number}`;
    taken.add(name);
    return field(name, index + 1, child, shape.objects);
  });
}

function field(name: string, ordinal: number, shape: Shape, parents: number): Field {
  const type = typeOf(shape);
  const fields = fieldsBelow(shape, type);
  return {
    name,
    ordinal,
    native_type: nativeType(shape),
    type,
    nullable: shape.nulls > 0 || shape.present < parents,
    ...(type === 'string' ? { max_length: shape.maxLength } : {}),
    inferred: true,
    ...(parents > 0
      ? { prevalence: Math.min(1, Math.round((shape.present / parents) * 10_000) / 10_000) }
      : {}),
    ...(fields ? { fields } : {}),
  };
}

function fieldsBelow(shape: Shape, type: NormalizedType): Field[] | undefined {
  if (type === 'object') return keyFields(shape);
  if (type !== 'array' || !shape.items) return undefined;
  return fieldsBelow(shape.items, typeOf(shape.items));
}

/**
 * The narrowest type that takes all kinds in:
 *
 * - integers are `integer`, beyond 64 bits `decimal`; with a fraction or an exponent among them `float`
 * - strings are `date`, `time`, `timestamp`, `timestamp_tz` or `uuid` where each of them is, else `string`
 * - scalars of different kinds (number and string, string and boolean, …) are `string`
 * - objects are `object`, or `map` where their keys are data; arrays are `array`; with anything else beside them `json`
 * - nothing but null is `unknown`
 */
function typeOf({ kinds, texts, isMap }: Shape): NormalizedType {
  const only = (...wanted: JsonKind[]): boolean => [...kinds].every((kind) => wanted.includes(kind));
  if (kinds.size === 0) return 'unknown';
  if (kinds.has('object') || kinds.has('array')) {
    if (kinds.size > 1) return 'json';
    if (kinds.has('array')) return 'array';
    return isMap ? 'map' : 'object';
  }
  if (only('boolean')) return 'boolean';
  if (only('integer')) return 'integer';
  if (only('integer', 'big_integer')) return 'decimal';
  if (only('integer', 'big_integer', 'float')) return 'float';
  return only('string') ? typeOfKinds(texts) : 'string';
}

const NATIVE: readonly (readonly [JsonKind, string])[] = [
  ['boolean', 'boolean'],
  ['integer', 'integer'],
  ['big_integer', 'integer'],
  ['float', 'number'],
  ['string', 'string'],
  ['object', 'object'],
  ['array', 'array'],
];

/** The kinds that were seen, as JSON Schema names them, such as `integer|string` or `array<object>`. */
function nativeType(shape: Shape): string {
  const names = NATIVE.filter(([kind]) => shape.kinds.has(kind)).map(([kind, name]) =>
    kind === 'array' && shape.items && shape.items.kinds.size > 0
      ? `array<${nativeType(shape.items)}>`
      : name,
  );
  return names.length === 0 ? 'null' : [...new Set(names)].join('|');
}
