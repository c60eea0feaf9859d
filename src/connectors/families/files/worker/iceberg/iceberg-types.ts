import type { NormalizedType } from '../../../../spi/metadata.js';
import type { ColumnFacts, FieldLister, TypeFacts } from '../field-list.js';
import { isObject, listIn, objectIn, textIn } from '../json-values.js';

const NAMED: Readonly<Record<string, NormalizedType>> = {
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  date: 'date',
  time: 'time',
  timestamp: 'timestamp',
  timestamp_ns: 'timestamp',
  timestamptz: 'timestamp_tz',
  timestamptz_ns: 'timestamp_tz',
  string: 'string',
  uuid: 'uuid',
  binary: 'binary',
  variant: 'json',
  unknown: 'unknown',
};

/** Columns of an Iceberg schema or struct. */
export function icebergColumns(lister: FieldLister, struct: unknown): ColumnFacts[] {
  return listIn(objectIn(struct).fields)
    .filter(isObject)
    .map((field) => {
      const standard = field['write-default'] ?? field['initial-default'];
      return {
        name: textIn(field.name) ?? '',
        nullable: field.required !== true,
        type: () => icebergType(lister, field.type),
        comment: textIn(field.doc),
        default: standard === undefined || standard === null ? undefined : JSON.stringify(standard),
      };
    });
}

function icebergType(lister: FieldLister, type: unknown, depth = 0): TypeFacts {
  if (typeof type === 'string') return namedType(type);
  const facts = objectIn(type);
  if (facts.type === 'struct')
    return { native: 'struct', type: 'object', fields: lister.list(icebergColumns(lister, facts)) };
  if (depth > 64) return { native: 'unknown', type: 'unknown' };
  if (facts.type === 'list') {
    const { native, fields } = icebergType(lister, facts.element, depth + 1);
    return { native: `list<${native}>`, type: 'array', fields };
  }
  if (facts.type === 'map') {
    const [key, value] = [facts.key, facts.value].map(
      (inner) => textIn(inner) ?? textIn(objectIn(inner).type) ?? '?',
    );
    return { native: `map<${String(key)},${String(value)}>`, type: 'map' };
  }
  return { native: textIn(facts.type) ?? 'unknown', type: 'unknown' };
}

function namedType(name: string): TypeFacts {
  const decimal = /^decimal\((\d{1,3}),\s*(\d{1,3})\)$/.exec(name);
  if (decimal)
    return { native: name, type: 'decimal', precision: Number(decimal[1]), scale: Number(decimal[2]) };
  const fixed = /^fixed\[(\d{1,10})\]$/.exec(name);
  if (fixed) return { native: name, type: 'binary', maxLength: Number(fixed[1]) };
  if (Object.hasOwn(NAMED, name)) return { native: name, type: NAMED[name] ?? 'unknown' };
  return { native: name, type: /^(?:geometry|geography)/.test(name) ? 'geometry' : 'unknown' };
}
