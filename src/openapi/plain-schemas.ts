import {
  componentRef,
  reachable,
  rewrite,
  without,
  type Document,
  type Schema,
  type Schemas,
} from './schema.js';

/** Limits bind what is sent; an answer is what it is, and a client that checked it would only break. */
const LIMITS = ['maxLength', 'minLength', 'maxItems', 'pattern', 'uniqueItems', 'x-destination', 'default'];

/** Settings that a request may have in part, and that an answer has in full. */
const SETTINGS = ['PoolSettings', 'DiscoverySettings', 'HealthSettings'];

/**
 * Takes the framework's turns out of the schemas, and parts what is sent from what is answered: answers have no limits,
 * and bodies no `default`, because a client that fills it in would reset with a PATCH what the PATCH leaves out.
 */
export function plainSchemas(document: Document): void {
  const { components, paths } = document;
  for (const [path, item] of Object.entries(paths)) paths[path] = rewrite(item, plain);
  const schemas = rewrite(components.schemas, plain);
  const bodies = Object.values(paths).flatMap((item) =>
    Object.values(item).map(({ requestBody }) => requestBody),
  );
  const sent = reachable(bodies, schemas);
  for (const name of SETTINGS) {
    const settings = schemas[name];
    if (settings) schemas[`${name}View`] = { ...settings, required: Object.keys(settings.properties ?? {}) };
  }
  const finished = Object.entries(schemas).map(
    ([name, schema]) =>
      [name, sent.has(name) ? rewrite(schema, withoutDefault) : rewrite(schema, answered)] as const,
  );
  components.schemas = Object.fromEntries(finished.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** In 3.1 a `$ref` may have neighbours: it needs no `allOf` around it, and no `type`, which the framework guesses. */
function plain(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  if (Array.isArray(allOf) && allOf.length === 1) return plain({ ...(allOf[0] as Schema), ...rest });
  return typeof schema.$ref === 'string' ? without(schema, 'type') : schema;
}

/** Says the default in words. */
function withoutDefault(schema: Schema): Schema {
  // A field may itself be called `default`: then this is a list of fields.
  if (schema.default === undefined || isSchema(schema.default)) return schema;
  const { examples = [schema.default] } = schema;
  const words = [schema.description, `Default: ${JSON.stringify(schema.default).replaceAll('"', '')}.`];
  return { ...without(schema, 'default'), description: words.filter(Boolean).join(' '), examples };
}

function answered(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(
    ([keyword, value]) => !LIMITS.includes(keyword) || isSchema(value),
  );
  const hasDefault = schema.default !== undefined && !isSchema(schema.default);
  const answer: Schema = {
    ...Object.fromEntries(kept),
    ...(hasDefault ? { examples: schema.examples ?? [schema.default] } : {}),
  };
  const settings = SETTINGS.find((name) => answer.$ref === componentRef(name).$ref);
  return settings === undefined ? answer : { ...answer, ...componentRef(`${settings}View`) };
}

function isSchema(value: unknown): value is Schemas {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
