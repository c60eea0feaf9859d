import { CAPS } from '../../analysis.js';
import { temporalKind, type ScalarKind } from '../scalar-kind.js';
import { storableName } from '../text-encoding.js';
import type { JsonScalar, JsonSink } from './json-reader.js';

export type JsonKind = Exclude<JsonScalar, 'null'> | 'object' | 'array';

/** Everything that was seen at one place of many records: the kinds of value, the keys of objects, the items. */
export class Shape {
  readonly kinds = new Set<JsonKind>();
  /** Objects or records that have it, with null too. */
  present = 0;
  nulls = 0;
  objects = 0;
  maxLength = 0;
  /** What the strings are, as long as they are all dates, times or the like. */
  readonly texts = new Set<ScalarKind>();
  /** A Map: `__proto__` is a key like any other. */
  readonly keys = new Map<string, Shape>();
  items: Shape | undefined;
  /** The keys are data: too many to be fields. */
  isMap = false;
}

/** Reads values into a shape. What is beyond the caps is left out, and said so in `truncated`. */
export class ShapeSink implements JsonSink {
  truncated = false;
  private left: number = CAPS.fields;
  /** The containers around the current value; undefined where they are not followed. */
  private readonly around: { readonly shape: Shape | undefined; readonly array: boolean }[] = [];
  /** Where the next value belongs, unless it is an item of an array. */
  private current: Shape | undefined;

  constructor(readonly record = new Shape()) {}

  /** Call before each record. */
  begin(): void {
    this.around.length = 0;
    this.current = this.record;
    this.record.present++;
  }

  scalar(kind: JsonScalar, text: string): void {
    const shape = this.target();
    if (!shape) return;
    if (kind === 'null') {
      shape.nulls++;
      return;
    }
    shape.kinds.add(kind);
    if (kind !== 'string') return;
    if (text.length > shape.maxLength) shape.maxLength = text.length;
    if (!shape.texts.has('string')) shape.texts.add(textKind(text));
  }

  enter(kind: 'object' | 'array'): void {
    const array = kind === 'array';
    const shape = this.target();
    if (shape) {
      shape.kinds.add(kind);
      if (!array) shape.objects++;
    }
    const followed = this.around.length < CAPS.fieldDepth ? shape : undefined;
    if (followed && array) followed.items ??= new Shape();
    this.around.push({ shape: followed, array });
  }

  key(name: string): void {
    this.current = this.child(this.around.at(-1)?.shape, name);
    if (this.current) this.current.present++;
  }

  leave(): void {
    this.around.pop();
  }

  private target(): Shape | undefined {
    const container = this.around.at(-1);
    return container?.array === true ? container.shape?.items : this.current;
  }

  private child(parent: Shape | undefined, key: string): Shape | undefined {
    if (!parent || parent.isMap) return undefined;
    const known = parent.keys.get(key);
    if (known) return known;
    if (parent !== this.record && parent.keys.size >= CAPS.mapKeys) {
      this.left += fieldsIn(parent);
      parent.keys.clear();
      parent.isMap = true;
      return undefined;
    }
    if (this.left <= 0) {
      this.truncated = true;
      return undefined;
    }
    this.left--;
    const shape = new Shape();
    parent.keys.set(key, shape);
    return shape;
  }
}

function fieldsIn({ keys, items }: Shape): number {
  let count = keys.size + (items ? fieldsIn(items) : 0);
  for (const shape of keys.values()) count += fieldsIn(shape);
  return count;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Only what JSON has no type of its own for: a number in quotes is meant as text. */
function textKind(text: string): ScalarKind {
  return temporalKind(text) ?? (text.length === 36 && UUID.test(text) ? 'uuid' : 'string');
}

/** A key as it can be stored; long ones are cut. */
export const fieldName = (key: string): string => storableName(key, CAPS.nameLength);
