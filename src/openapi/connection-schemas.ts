import { secretFields, type ConnectorDefinition } from '../connectors/spi/index.js';
import { componentRef, without, type Schema, type Schemas } from './schema.js';

/** Which fields of a connection a schema has, and what the names of its components end in. */
type Part = 'Connection' | 'ConnectionView' | 'Credentials';

/**
 * The components that come from the specs of the connectors: the union `Connection` for requests, `ConnectionView`
 * without the secrets for answers, `Credentials` for the secrets alone, with what they are made of.
 */
export function connectionSchemas(connectors: readonly ConnectorDefinition[]): Schemas {
  const schemas: Schemas = {
    Connection: union(
      connectors,
      'Connection',
      'Where the source is and how to log in; `type` says which fields there are.',
    ),
    ConnectionView: union(connectors, 'ConnectionView', 'The connection without its secrets.'),
    Credentials: {
      description: 'The secrets of the connection, as its type has them; null removes one.',
      anyOf: connectors.filter(hasSecrets).map(({ type }) => componentRef(`${pascal(type)}Credentials`)),
    },
    SourceType: { type: 'string', enum: connectors.map(({ type }) => type) },
    Capability: {
      type: 'string',
      enum: [...new Set(connectors.flatMap(({ capabilities }) => capabilities))].sort(),
    },
  };
  for (const definition of connectors) {
    new TypeSchemas(definition, 'Connection', schemas).add('connection');
    new TypeSchemas(definition, 'ConnectionView', schemas).add('connection without its secrets');
    if (hasSecrets(definition)) new TypeSchemas(definition, 'Credentials', schemas).add('secrets');
  }
  return schemas;
}

/** One part of one connector's spec, as components. */
class TypeSchemas {
  private readonly secrets: readonly string[];
  private readonly prefix: string;

  constructor(
    private readonly definition: ConnectorDefinition,
    private readonly part: Part,
    private readonly schemas: Schemas,
  ) {
    this.secrets = secretFields(definition.spec);
    this.prefix = pascal(definition.type);
  }

  add(what: string): void {
    // A spec is JSON Schema with symbols of its library in it: those do not survive.
    const spec = JSON.parse(JSON.stringify(this.definition.spec)) as Schema;
    const object = this.object(spec, []);
    this.schemas[`${this.prefix}${this.part}`] = { ...object, title: `${this.definition.title} ${what}` };
  }

  private object(schema: Schema, path: readonly string[]): Schema {
    const properties: Schemas = {};
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      const kept = this.field(field, [...path, name]);
      if (kept) properties[name] = kept;
    }
    const required = (schema.required ?? []).filter((name) => name in properties);
    const demanded = this.part === 'Credentials' ? [] : required;
    return {
      ...without(schema, 'required'),
      properties,
      ...(demanded.length > 0 ? { required: demanded } : {}),
    };
  }

  /** The field as this part shows it; undefined where the part does not have it. */
  private field(field: Schema, path: readonly string[]): Schema | undefined {
    const name = this.nameOf(field, path);
    if (field.properties) {
      const inner = this.object(field, path);
      if (Object.keys(inner.properties ?? {}).length === 0) return undefined;
      return this.component(name + this.part.replace('Connection', ''), inner);
    }
    const isSecret = this.secrets.includes(path.join('.'));
    if (this.part === 'Credentials')
      return isSecret ? { ...shownSecret(field), type: ['string', 'null'] } : undefined;
    if (isSecret) return this.part === 'Connection' ? shownSecret(field) : undefined;
    // Swagger UI makes no sample of a constant by itself.
    if (field.const !== undefined) return { ...field, examples: [field.const] };
    return field.enum ? this.component(name, { type: 'string', ...field }) : field;
  }

  /** Blocks that several types share have a name of their own; everything else is named after its type. */
  private nameOf(field: Schema, path: readonly string[]): string {
    return field['x-schema'] ?? this.prefix + path.map(pascal).join('');
  }

  /** Puts a schema among the components and refers to it; hints for forms and the default stay with the field. */
  private component(name: string, schema: Schema): Schema {
    const { 'x-group': group, 'x-destination': destination, default: preset } = schema;
    const body = without(schema, 'x-schema', 'x-group', 'x-destination', 'default');
    const known = this.schemas[name];
    if (known && JSON.stringify(known) !== JSON.stringify(body))
      throw new Error(`Two different schemas want to be the component ${name}.`);
    this.schemas[name] = body;
    return {
      ...componentRef(name),
      ...(preset === undefined ? {} : { default: preset }),
      ...(destination === undefined ? {} : { 'x-destination': destination }),
      ...(group === undefined ? {} : { 'x-group': group }),
    };
  }
}

function union(connectors: readonly ConnectorDefinition[], part: Part, description: string): Schema {
  const members = connectors.map(({ type }) => [type, componentRef(`${pascal(type)}${part}`)] as const);
  return {
    description,
    oneOf: members.map(([, ref]) => ref),
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(members.map(([type, { $ref }]) => [type, $ref])),
    },
  };
}

/** Swagger UI makes up a sample from a pattern; without one it shows asterisks. */
function shownSecret(field: Schema): Schema {
  return without(field, 'pattern');
}

function hasSecrets({ spec }: ConnectorDefinition): boolean {
  return secretFields(spec).length > 0;
}

function pascal(name: string): string {
  return name.replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}
