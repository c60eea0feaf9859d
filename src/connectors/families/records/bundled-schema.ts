import { isObject, type Json } from './schema-fields.js';

/** Where the other documents stand in the one that is made of all. */
const PLACE = '$documents';
const MAX_DEPTH = 64;

/**
 * One JSON Schema document of a schema and those that it refers to by name: every `$ref` leads to a place inside of it
 * then. What refers to anything else stays as it is, and is never followed.
 *
 * @param others texts of JSON by the names that stand in the references.
 * @returns undefined where the schema is no object.
 * @throws SyntaxError where a text is no JSON.
 */
export function bundled(schema: unknown, others: ReadonlyMap<string, string>): Json | undefined {
  if (!isObject(schema)) return undefined;
  if (others.size === 0) return schema;
  const documents: Record<string, unknown> = {};
  for (const [name, text] of others) {
    const base = `#/${PLACE}/${escaped(name)}`;
    documents[name] = inBundle(JSON.parse(text), (ref) => placeOf(ref, base, others), 0);
  }
  return { ...(inBundle(schema, (ref) => placeOf(ref, '#', others), 0) as Json), [PLACE]: documents };
}

function placeOf(ref: string, base: string, others: ReadonlyMap<string, string>): string {
  const [document = '', pointer = ''] = ref.split('#', 2);
  if (document === '') return `${base}${pointer}`;
  return others.has(document) ? `#/${PLACE}/${escaped(document)}${pointer}` : ref;
}

function inBundle(value: unknown, placed: (ref: string) => string, depth: number): unknown {
  if (depth > MAX_DEPTH) return {};
  if (Array.isArray(value)) return (value as unknown[]).map((each) => inBundle(each, placed, depth + 1));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? placed(inner) : inBundle(inner, placed, depth + 1),
    ]),
  );
}

/** A name as a part of a JSON pointer, which may be decoded as a part of a URL as well. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');
