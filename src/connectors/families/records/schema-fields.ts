import type { Field, NormalizedType } from '../../spi/index.js';

export type Json = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 6;
const MAX_CHAIN = 16;
/** Fields of one dataset with those inside of them: a document of references can name more than there are atoms. */
const MAX_FIELDS = 3_000;
/** Schemas that are looked at for one dataset: parts of parts multiply before they become fields. */
const MAX_LOOKS = 50_000;

const FORMATS: Readonly<Record<string, NormalizedType>> = {
  date: 'date',
  time: 'time',
  'date-time': 'timestamp_tz',
  duration: 'interval',
  uuid: 'uuid',
  byte: 'binary',
  binary: 'binary',
  decimal: 'decimal',
  ipv4: 'network',
  ipv6: 'network',
};
const TYPES: Readonly<Record<string, NormalizedType>> = {
  boolean: 'boolean',
  integer: 'integer',
  number: 'float',
  string: 'string',
  array: 'array',
  object: 'object',
};

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads fields out of the JSON Schemas of one document, such as OpenAPI's. References are followed inside of the document alone, never
 * to a file or a URL; circles, depth and number are bounded.
 */
export class SchemaFields {
  private left = MAX_FIELDS;
  private looks = MAX_LOOKS;

  constructor(private readonly document: Json) {}

  /** Another dataset begins, with bounds of its own. */
  begin(): void {
    this.left = MAX_FIELDS;
    this.looks = MAX_LOOKS;
  }

  /** The fields of an object schema; `cut` where a bound left some out. */
  read(schema: unknown): { readonly fields: Field[]; readonly cut: boolean } {
    const fields = this.fields(this.plain(schema), 0);
    return { fields, cut: this.left <= 0 || this.looks <= 0 };
  }

  /** The schema behind local references, with `allOf` put together; an empty one for what lies outside. */
  plain(schema: unknown, chain = 0): Json {
    this.looks -= 1;
    if (!isObject(schema) || chain > MAX_CHAIN || this.looks <= 0) return {};
    if (typeof schema.$ref === 'string') {
      const target = this.at(schema.$ref);
      return target === undefined ? { $ref: schema.$ref } : this.plain(target, chain + 1);
    }
    const { allOf } = schema;
    const one = soleOf(schema);
    if (one !== undefined) {
      const inner = this.plain(one.schema, chain + 1);
      return one.nullable ? { ...inner, nullable: true } : inner;
    }
    if (!Array.isArray(allOf)) return schema;
    const parts = allOf.slice(0, 50).map((part) => this.plain(part, chain + 1));
    return [...parts, schema].reduce<Json>(joined, {});
  }

  private at(ref: string): unknown {
    if (!ref.startsWith('#/')) return undefined;
    let at: unknown = this.document;
    for (const part of ref.slice(2).split('/')) {
      const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
      at = (at as Json)[key];
    }
    return at;
  }

  private fields({ properties, required }: Json, depth: number): Field[] {
    if (!isObject(properties) || depth > MAX_DEPTH) return [];
    const needed: readonly unknown[] = Array.isArray(required) ? required : [];
    const fields: Field[] = [];
    for (const [name, schema] of Object.entries(properties)) {
      if (this.left <= 0) break;
      this.left -= 1;
      fields.push(this.field(name, fields.length + 1, { schema, required: needed.includes(name), depth }));
    }
    return fields;
  }

  private field(
    name: string,
    ordinal: number,
    { schema, required, depth }: { schema: unknown; required: boolean; depth: number },
  ): Field {
    const plain = this.plain(schema);
    const { type, native, nullable } = typeOf(plain);
    const items = type === 'array' ? this.plain(plain.items) : undefined;
    const inner = this.fields(items ?? plain, depth + 1);
    const { description, maxLength } = plain;
    const values = type === 'enum' ? (plain.enum as readonly unknown[]).slice(0, 500).map(String) : undefined;
    return {
      name,
      ordinal,
      native_type: items ? `array<${typeOf(items).native}>` : native,
      type,
      nullable: nullable || !required,
      ...(typeof description === 'string' && description !== ''
        ? { comment: description.slice(0, 2_000) }
        : {}),
      ...(typeof maxLength === 'number' && Number.isSafeInteger(maxLength) ? { max_length: maxLength } : {}),
      ...(values ? { values } : {}),
      ...(inner.length > 0 ? { fields: inner } : {}),
    };
  }
}

function typeOf(schema: Json): { type: NormalizedType; native: string; nullable: boolean } {
  const named: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const nullable = schema.nullable === true || named.includes('null');
  const names = named.filter((name): name is string => typeof name === 'string' && name !== 'null');
  const name = names[0] ?? (isObject(schema.properties) ? 'object' : undefined);
  if (name === undefined || names.length > 1) {
    const native = typeof schema.$ref === 'string' ? 'reference' : names.join('|') || 'any';
    return { type: 'unknown', native, nullable };
  }
  const format = typeof schema.format === 'string' ? schema.format.slice(0, 60) : undefined;
  const native = format === undefined ? name : `${name}(${format})`;
  const isMap = name === 'object' && !isObject(schema.properties) && isObject(schema.additionalProperties);
  const isEnum = name === 'string' && Array.isArray(schema.enum);
  const known = Object.hasOwn(TYPES, name) ? (TYPES[name] ?? 'unknown') : 'unknown';
  const byFormat =
    format !== undefined && name === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  return { type: isEnum ? 'enum' : isMap ? 'map' : (byFormat ?? known), native, nullable };
}

/** The one schema of a `oneOf` or `anyOf` beside null. */
function soleOf(schema: Json): { schema: unknown; nullable: boolean } | undefined {
  for (const key of ['oneOf', 'anyOf']) {
    const members = schema[key];
    if (!Array.isArray(members)) continue;
    const others = (members as readonly unknown[]).filter(
      (member) => !(isObject(member) && member.type === 'null'),
    );
    if (others.length === 1) return { schema: others[0], nullable: others.length < members.length };
  }
  return undefined;
}

function joined(one: Json, other: Json): Json {
  const properties = { ...(one.properties as Json | undefined), ...(other.properties as Json | undefined) };
  const required = [one.required, other.required].flatMap((names) =>
    Array.isArray(names) ? (names as unknown[]) : [],
  );
  return {
    ...one,
    ...other,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required } : {}),
    allOf: undefined,
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
