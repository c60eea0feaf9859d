import { isObject, listIn, textIn, type JsonObject } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import type { AvroReader } from './avro-reader.js';

const MAX_DEPTH = 64;

/** Decodes values of a schema out of Avro's binary encoding. Types are defined before they are used by name. */
export class AvroDecoder {
  private readonly named = new Map<string, JsonObject>();

  constructor(private readonly reader: AvroReader) {}

  /** Records and maps are Maps, bytes and fixed are bytes. Throws ParseFault. */
  value(schema: unknown, depth = 0): unknown {
    if (depth > MAX_DEPTH) throw damaged();
    if (Array.isArray(schema)) return this.value(schema[this.reader.long()], depth + 1);
    if (typeof schema === 'string') return this.simple(schema, depth);
    if (!isObject(schema)) throw damaged();
    const { type } = schema;
    const name = textIn(schema.name);
    if (name !== undefined) {
      this.named.set(name, schema);
      this.named.set(`${textIn(schema.namespace) ?? ''}.${name}`, schema);
    }
    if (type === 'record') {
      const fields = listIn(schema.fields).filter(isObject);
      return new Map(fields.map((field) => [textIn(field.name) ?? '', this.value(field.type, depth + 1)]));
    }
    if (type === 'array') {
      const items: unknown[] = [];
      this.reader.blocks(() => items.push(this.value(schema.items, depth + 1)));
      return items;
    }
    if (type === 'map') {
      const map = new Map<string, unknown>();
      this.reader.blocks(() => map.set(this.reader.text(), this.value(schema.values, depth + 1)));
      return map;
    }
    if (type === 'enum') return listIn(schema.symbols)[this.reader.long()];
    if (type === 'fixed') return this.reader.take(Number(schema.size));
    return this.value(type, depth + 1);
  }

  private simple(name: string, depth: number): unknown {
    switch (name) {
      case 'null':
        return null;
      case 'boolean':
        return this.reader.take(1)[0] === 1;
      case 'int':
      case 'long':
        return this.reader.long();
      case 'float':
        return this.reader.take(4);
      case 'double':
        return this.reader.take(8);
      case 'bytes':
        return this.reader.binary();
      case 'string':
        return this.reader.text();
      default: {
        const schema = this.named.get(name);
        if (!schema) throw damaged();
        return this.value(schema, depth + 1);
      }
    }
  }
}

const damaged = (): ParseFault => new ParseFault('An Avro file of the table is damaged.');
