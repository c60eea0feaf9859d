import type { NormalizedType } from '../../../../spi/metadata.js';
import type { ColumnFacts, FieldLister, TypeFacts } from '../field-list.js';
import { isObject, listIn, objectIn, textIn } from '../json-values.js';

const NAMED: Readonly<Record<string, NormalizedType>> = {
  string: 'string',
  long: 'integer',
  integer: 'integer',
  short: 'integer',
  byte: 'integer',
  float: 'float',
  double: 'float',
  boolean: 'boolean',
  binary: 'binary',
  date: 'date',
  timestamp: 'timestamp_tz',
  timestamp_ntz: 'timestamp',
  variant: 'json',
  void: 'unknown',
  null: 'unknown',
};

/** Columns of a struct as Spark writes types in JSON. */
export function sparkColumns(lister: FieldLister, struct: unknown): ColumnFacts[] {
  return listIn(objectIn(struct).fields)
    .filter(isObject)
    .map((field) => {
      const metadata = objectIn(field.metadata);
      return {
        name: textIn(field.name) ?? '',
        nullable: field.nullable !== false,
        type: () => declaredType(lister, field.type, metadata),
        comment: textIn(metadata.comment),
        default: textIn(metadata.CURRENT_DEFAULT),
        generated: textIn(metadata['delta.generationExpression']),
      };
    });
}

/** CHAR and VARCHAR are strings whose length stands beside them. */
function declaredType(lister: FieldLister, type: unknown, metadata: ReturnType<typeof objectIn>): TypeFacts {
  const declared = textIn(metadata.__CHAR_VARCHAR_TYPE_STRING);
  const length = /^(?:var)?char\((\d{1,10})\)$/.exec(declared ?? '')?.[1];
  if (declared === undefined || length === undefined) return sparkType(lister, type);
  return { native: declared, type: 'string', maxLength: Number(length) };
}

function sparkType(lister: FieldLister, type: unknown, depth = 0): TypeFacts {
  if (typeof type === 'string') return namedType(type);
  const facts = objectIn(type);
  if (facts.type === 'struct')
    return { native: 'struct', type: 'object', fields: lister.list(sparkColumns(lister, facts)) };
  if (depth > 64) return { native: 'unknown', type: 'unknown' };
  if (facts.type === 'array') {
    const { native, fields } = sparkType(lister, facts.elementType, depth + 1);
    return { native: `array<${native}>`, type: 'array', fields };
  }
  if (facts.type === 'map') {
    const [key, value] = [facts.keyType, facts.valueType].map(
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
  if (Object.hasOwn(NAMED, name)) return { native: name, type: NAMED[name] ?? 'unknown' };
  if (name.startsWith('interval')) return { native: name, type: 'interval' };
  return { native: name, type: /^(?:geometry|geography)/.test(name) ? 'geometry' : 'unknown' };
}
