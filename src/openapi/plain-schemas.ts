import { reachable, rewrite, without, type Document, type Schema, type Schemas } from './schema.js';

/** Limits bind what is sent; an answer is what it is, and a client that checked it would only break. */
const LIMITS = ['maxLength', 'minLength', 'maxItems', 'pattern', 'uniqueItems', 'x-destination'];

/**
 * Takes the framework's turns out of the schemas: in 3.1 a `$ref` may have neighbours, so it needs no `allOf` around it,
 * and no `type`, which the framework guesses. Schemas of answers lose the limits that only requests have.
 */
export function plainSchemas(document: Document): void {
  const { components, paths } = document;
  components.schemas = rewrite(components.schemas, plain);
  for (const [path, item] of Object.entries(paths)) paths[path] = rewrite(item, plain);
  const bodies = Object.values(paths).flatMap((item) =>
    Object.values(item).map((operation) => operation.requestBody),
  );
  const sent = reachable(bodies, components.schemas);
  for (const [name, schema] of Object.entries(components.schemas))
    if (!sent.has(name)) components.schemas[name] = unlimited(schema);
  components.schemas = sorted(components.schemas);
}

function plain(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  if (Array.isArray(allOf) && allOf.length === 1) return plain({ ...(allOf[0] as Schema), ...rest });
  return typeof schema.$ref === 'string' ? without(schema, 'type') : schema;
}

function unlimited(schema: Schema): Schema {
  return rewrite(schema, (object) => {
    // A field may itself be called `pattern`: a keyword's value is never an object.
    const kept = Object.entries(object).filter(
      ([key, value]) => !LIMITS.includes(key) || typeof value === 'object',
    );
    return Object.fromEntries(kept);
  });
}

function sorted(schemas: Schemas): Schemas {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}
