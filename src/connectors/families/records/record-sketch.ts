import type { Field, NormalizedType } from '../../spi/index.js';

interface Seen {
  /** In how many records the field was. */
  present: number;
  nulls: number;
  readonly types: Set<NormalizedType>;
  readonly natives: Set<string>;
  nested: RecordSketch | undefined;
}

/** A type as the source calls it and as we do. */
export type Describe = (
  value: unknown,
) => { readonly native: string; readonly type: NormalizedType } | undefined;

const emptyField = (): Seen => ({
  present: 0,
  nulls: 0,
  types: new Set(),
  natives: new Set(),
  nested: undefined,
});

const MAX_FIELDS = 500;
const MAX_DEPTH = 8;
const MAX_ITEMS = 20;
const MAX_NAME = 255;

/**
 * Infers fields from sampled records in bounded memory: types that were seen, how many of the records have the field
 * (`prevalence`), fields of objects and of the objects in arrays. Field names come in the order of their first sight.
 */
export class RecordSketch {
  private records = 0;
  private readonly seen = new Map<string, Seen>();

  /** @param describe what a value is that the source has a class of its own for; nothing for any other value. */
  constructor(
    private readonly describe?: Describe,
    private readonly depth = 0,
  ) {}

  get size(): number {
    return this.records;
  }

  /** Takes one record in; `asText` where the source stores every value as text, so that the text decides. */
  add(record: Readonly<Record<string, unknown>>, asText = false): void {
    this.records += 1;
    for (const [name, value] of Object.entries(record)) {
      let field = this.seen.get(name);
      if (!field) {
        if (this.seen.size >= MAX_FIELDS || name.length > MAX_NAME) continue;
        this.seen.set(name, (field = emptyField()));
      }
      field.present += 1;
      this.note(field, value, asText);
    }
  }

  /** @param nativeType what the source calls the type of every value; absent where the value's own type says it. */
  fields(nativeType?: string): Field[] {
    return [...this.seen].map(([name, field], at) => {
      const nested = field.nested?.fields(nativeType) ?? [];
      return {
        name,
        ordinal: at + 1,
        native_type: nativeType ?? ([...field.natives].sort().join('|') || 'null'),
        type: common(field.types),
        nullable: field.nulls > 0 || field.present < this.records,
        inferred: true,
        prevalence: Math.round((field.present / this.records) * 1_000) / 1_000,
        ...(nested.length > 0 ? { fields: nested } : {}),
      };
    });
  }

  private note(field: Seen, value: unknown, asText: boolean): void {
    if (value === null || value === undefined) {
      field.nulls += 1;
      return;
    }
    const own = this.describe?.(value);
    const type = own?.type ?? (asText && typeof value === 'string' ? typeOfText(value) : typeOfValue(value));
    field.types.add(type);
    field.natives.add(own?.native ?? type);
    if (own) return;
    if (this.depth >= MAX_DEPTH) return;
    const objects = (Array.isArray(value) ? value.slice(0, MAX_ITEMS) : [value]).filter(isRecord);
    if (objects.length === 0) return;
    field.nested ??= new RecordSketch(this.describe, this.depth + 1);
    for (const object of objects) field.nested.add(object, asText);
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

function typeOfValue(value: unknown): NormalizedType {
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'bigint':
      return 'integer';
    case 'number':
      return Number.isInteger(value) ? 'integer' : 'float';
    case 'string':
      return 'string';
    default:
      if (Array.isArray(value)) return 'array';
      if (value instanceof Date) return 'timestamp_tz';
      return ArrayBuffer.isView(value) ? 'binary' : 'object';
  }
}

const TEXT_FORMS: readonly (readonly [RegExp, NormalizedType])[] = [
  [/^(true|false)$/i, 'boolean'],
  // A leading zero is a code, such as a postal code, and no number.
  [/^-?(0|[1-9]\d{0,18})$/, 'integer'],
  [/^-?(0|[1-9]\d{0,18})?\.\d{1,30}(e[+-]?\d{1,3})?$/i, 'float'],
  [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'uuid'],
  [/^\d{4}-\d{2}-\d{2}$/, 'date'],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/, 'timestamp_tz'],
  [/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?$/, 'timestamp'],
];

/** The type that a text looks like; `string` when in doubt. */
export function typeOfText(text: string): NormalizedType {
  if (text.length > 64) return 'string';
  return TEXT_FORMS.find(([form]) => form.test(text))?.[1] ?? 'string';
}

/** The narrowest type that holds all that were seen. */
function common(types: ReadonlySet<NormalizedType>): NormalizedType {
  const [first] = types;
  if (first === undefined) return 'unknown';
  if (types.size === 1) return first;
  const all = [...types];
  if (all.every((type) => type === 'integer' || type === 'float')) return 'float';
  return all.every((type) => !['array', 'object', 'binary'].includes(type)) ? 'string' : 'unknown';
}
