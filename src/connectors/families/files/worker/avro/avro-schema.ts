import type { NormalizedType } from '../../../../spi/metadata.js';
import type { ColumnFacts, FieldLister, TypeFacts } from '../field-list.js';
import { isObject, textIn, type JsonObject } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';

/** A schema at its place: names in it are looked up in the namespace around it. */
interface Placed {
  readonly schema: unknown;
  readonly namespace: string;
}

const MAX_DEPTH = 64;

const PRIMITIVE: Readonly<Record<string, NormalizedType>> = {
  null: 'unknown',
  boolean: 'boolean',
  int: 'integer',
  long: 'integer',
  float: 'float',
  double: 'float',
  bytes: 'binary',
  string: 'string',
};

const LOGICAL: Readonly<Record<string, NormalizedType>> = {
  decimal: 'decimal',
  'big-decimal': 'decimal',
  uuid: 'uuid',
  date: 'date',
  'time-millis': 'time',
  'time-micros': 'time',
  'timestamp-millis': 'timestamp_tz',
  'timestamp-micros': 'timestamp_tz',
  'timestamp-nanos': 'timestamp_tz',
  'local-timestamp-millis': 'timestamp',
  'local-timestamp-micros': 'timestamp',
  'local-timestamp-nanos': 'timestamp',
  duration: 'interval',
};

/** Columns of an Avro schema: the fields of its record, or one column `value` for anything else. */
export class AvroSchema {
  private readonly named = new Map<string, Placed>();
  /** The records that the one at hand lies in. */
  private readonly around = new Set<JsonObject>();

  /**
   * @param schema parsed JSON, of any shape.
   * @param others schemas whose named types it may use.
   */
  constructor(
    private readonly schema: unknown,
    private readonly lister: FieldLister,
    others: readonly unknown[] = [],
  ) {
    for (const each of [schema, ...others]) this.collectNames({ schema: each, namespace: '' });
  }

  columns(): ColumnFacts[] {
    const root = this.resolved({ schema: this.schema, namespace: '' });
    if (isObject(root.schema) && isRecord(root.schema)) return this.fieldsOf(root);
    const { type, nullable } = this.typeOf(root, 0);
    return [{ name: 'value', nullable, type: () => type }];
  }

  /** Named types may be used before and behind the place where they are defined. */
  private collectNames(root: Placed): void {
    const waiting = [root];
    for (let placed = waiting.pop(); placed; placed = waiting.pop()) {
      const { schema } = placed;
      if (Array.isArray(schema)) {
        for (const branch of schema) waiting.push({ schema: branch, namespace: placed.namespace });
        continue;
      }
      if (!isObject(schema)) continue;
      const namespace = namespaceOf(schema, placed.namespace);
      if (typeof schema.name === 'string' && typeof schema.type === 'string') {
        const name = fullName(schema.name, namespace);
        if (!this.named.has(name)) this.named.set(name, placed);
      }
      for (const below of [schema.type, schema.items, schema.values])
        if (typeof below === 'object') waiting.push({ schema: below, namespace });
      if (Array.isArray(schema.fields))
        for (const field of schema.fields as unknown[])
          if (isObject(field)) waiting.push({ schema: field.type, namespace });
    }
  }

  private resolved(placed: Placed): Placed {
    let at = placed;
    // A wrapped schema, `{"type": {…}}`, and a name of a type.
    for (let steps = 0; steps < MAX_DEPTH; steps++) {
      const { schema, namespace } = at;
      if (isObject(schema) && typeof schema.type === 'object' && schema.type !== null)
        at = { schema: schema.type, namespace };
      else if (typeof schema === 'string' && !Object.hasOwn(PRIMITIVE, schema))
        at = this.named.get(fullName(schema, namespace)) ?? this.named.get(schema) ?? unknownName();
      else return at;
    }
    throw new ParseFault('The schema nests too deep.');
  }

  private fieldsOf({ schema, namespace }: Placed): ColumnFacts[] {
    if (!isObject(schema) || !Array.isArray(schema.fields)) return [];
    const inner = namespaceOf(schema, namespace);
    return (schema.fields as unknown[]).filter(isObject).map((field) => {
      const place = { schema: field.type, namespace: inner };
      return {
        name: textIn(field.name) ?? '',
        nullable: isNullable(field.type),
        type: () => this.typeOf(place, 0).type,
        comment: textIn(field.doc),
        default: Object.hasOwn(field, 'default') ? JSON.stringify(field.default) : undefined,
      };
    });
  }

  private typeOf(placed: Placed, depth: number): { type: TypeFacts; nullable: boolean } {
    if (depth > MAX_DEPTH) throw new ParseFault('The schema nests too deep.');
    const { schema, namespace } = this.resolved(placed);
    if (!Array.isArray(schema)) return { type: this.single({ schema, namespace }, depth), nullable: false };
    const branches = (schema as unknown[]).filter((branch) => branch !== 'null');
    const nullable = branches.length < schema.length;
    const types = branches
      .slice(0, 50)
      .map((branch) => this.typeOf({ schema: branch, namespace }, depth + 1).type);
    const [first] = types;
    if (types.length === 1 && first) return { type: first, nullable };
    const native = `union<${types.map((type) => type.native).join(',')}>`;
    return { type: { native, type: types.length === 0 ? 'unknown' : 'json' }, nullable };
  }

  private single({ schema, namespace }: Placed, depth: number): TypeFacts {
    const facts: JsonObject = isObject(schema) ? schema : {};
    const name = typeof schema === 'string' ? schema : facts.type;
    if (isRecord(facts)) {
      // A record inside of itself is told by its name alone.
      const again = this.around.has(facts);
      this.around.add(facts);
      const fields = again ? [] : this.lister.list(this.fieldsOf({ schema, namespace }));
      if (!again) this.around.delete(facts);
      return { native: `record ${textIn(facts.name) ?? ''}`.trim(), type: 'object', fields };
    }
    const inner = (below: unknown): TypeFacts => this.typeOf({ schema: below, namespace }, depth + 1).type;
    if (name === 'array') {
      const { native, fields } = inner(facts.items);
      return { native: `array<${native}>`, type: 'array', fields };
    }
    if (name === 'map') return { native: `map<${inner(facts.values).native}>`, type: 'map' };
    if (name === 'enum') {
      const values = (Array.isArray(facts.symbols) ? facts.symbols : []).filter(
        (value) => typeof value === 'string',
      );
      return {
        native: `enum ${textIn(facts.name) ?? ''}`.trim(),
        type: 'enum',
        values,
      };
    }
    return this.scalar(name, facts);
  }

  private scalar(name: unknown, facts: JsonObject): TypeFacts {
    const plain: TypeFacts | undefined =
      name === 'fixed'
        ? { native: `fixed(${String(Number(facts.size))})`, type: 'binary', maxLength: Number(facts.size) }
        : typeof name === 'string' && Object.hasOwn(PRIMITIVE, name)
          ? { native: name, type: PRIMITIVE[name] ?? 'unknown' }
          : undefined;
    if (!plain) throw new ParseFault('The schema in the file has a type that Avro does not know.');
    const logical = facts.logicalType;
    if (typeof logical !== 'string' || !Object.hasOwn(LOGICAL, logical)) return plain;
    const type = LOGICAL[logical] ?? plain.type;
    if (logical !== 'decimal') return { native: `${plain.native} (${logical})`, type };
    const precision = Number(facts.precision);
    const scale = Number(facts.scale ?? 0);
    return {
      native: `${plain.native} (decimal(${String(precision)},${String(scale)}))`,
      type,
      precision,
      scale,
    };
  }
}

const isRecord = (schema: JsonObject): boolean => schema.type === 'record' || schema.type === 'error';

const isNullable = (schema: unknown): boolean =>
  schema === 'null' ||
  (Array.isArray(schema) && schema.includes('null')) ||
  (isObject(schema) && Array.isArray(schema.type) && schema.type.includes('null'));

function namespaceOf(schema: JsonObject, around: string): string {
  if (typeof schema.name === 'string' && schema.name.includes('.'))
    return schema.name.slice(0, schema.name.lastIndexOf('.'));
  return typeof schema.namespace === 'string' ? schema.namespace : around;
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

function unknownName(): never {
  throw new ParseFault('The schema in the file uses a type that it does not define.');
}
