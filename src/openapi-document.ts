import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { ProblemDetails } from './common/problem.js';
import { CONNECTORS } from './connectors/drivers/index.js';
import { secretFields } from './connectors/spi/index.js';
import { CapabilityView } from './data-sources/dto/views.dto.js';
import { CacheView } from './data-sources/dto/metrics.dto.js';

type Schema = Record<string, unknown>;

/**
 * The OpenAPI 3.1 document of the API. The connection unions come from the specs of the connectors: `Connection` for
 * requests, `ConnectionView` for answers, `Credentials` for the secret part.
 */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Datawave Data Sources API')
    .setDescription(
      "Registers an organization's data sources, keeps their credentials, proves that they can be reached, discovers what is in them and watches their health.",
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addTag('data-sources', 'Data sources: register, change, test, delete')
    .addTag('schema-discovery', 'What is in the sources')
    .addTag('health', 'How the sources are')
    .addTag('audit', 'Who did what')
    .addTag('files', 'Signed downloads')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    extraModels: [ProblemDetails, CapabilityView, CacheView],
    operationIdFactory: (_controller, method) => method,
  });
  Object.assign((document.components ??= {}).schemas ?? {}, connectionSchemas());
  return document;
}

function connectionSchemas(): Record<string, Schema> {
  const schemas: Record<string, Schema> = {};
  const names = CONNECTORS.map(({ type }) => pascal(type));
  for (const { type, title, spec } of CONNECTORS) {
    const plain = JSON.parse(JSON.stringify(spec)) as Schema;
    const secrets = secretFields(spec);
    schemas[`${pascal(type)}Connection`] = { title: `${title} connection`, ...plain };
    schemas[`${pascal(type)}ConnectionView`] = {
      title: `${title} connection without secrets`,
      ...keep(plain, secrets, false),
    };
    if (secrets.length > 0)
      schemas[`${pascal(type)}Credentials`] = {
        title: `${title} secrets`,
        ...keep(plain, secrets, true),
        required: [],
      };
  }
  schemas['Connection'] = union(names, 'Connection');
  schemas['ConnectionView'] = union(names, 'ConnectionView');
  const withSecrets = CONNECTORS.filter(({ spec }) => secretFields(spec).length > 0);
  schemas['Credentials'] = {
    description: 'The secret part of the connection, as its type has it; null removes a secret.',
    anyOf: withSecrets.map(({ type }) => ({ $ref: ref(`${pascal(type)}Credentials`) })),
  };
  return schemas;
}

function union(names: readonly string[], suffix: string): Schema {
  return {
    oneOf: names.map((name) => ({ $ref: ref(`${name}${suffix}`) })),
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(CONNECTORS.map(({ type }) => [type, ref(`${pascal(type)}${suffix}`)])),
    },
  };
}

/** The schema with only its secret fields, or with all others; groups that end up empty are left out. */
function keep(schema: Schema, secrets: readonly string[], secret: boolean, path = ''): Schema {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const kept: Record<string, Schema> = {};
  for (const [name, field] of Object.entries(properties)) {
    const at = path === '' ? name : `${path}.${name}`;
    if ('properties' in field) {
      const inner = keep(field, secrets, secret, at);
      if (Object.keys(inner['properties'] as object).length > 0) kept[name] = inner;
    } else if (secrets.includes(at) === secret) {
      kept[name] = secret ? { ...field, type: [field['type'] as string, 'null'] } : field;
    }
  }
  const required = ((schema['required'] ?? []) as string[]).filter((name) => name in kept);
  return { ...schema, properties: kept, required };
}

function pascal(type: string): string {
  return type.replace(/(^|_)([a-z])/g, (_match, _gap, letter: string) => letter.toUpperCase());
}

function ref(name: string): string {
  return `#/components/schemas/${name}`;
}
