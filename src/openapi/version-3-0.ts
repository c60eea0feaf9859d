import type { OpenAPIObject } from '@nestjs/swagger';
import { rewrite, type Schema, type Schemas } from './schema.js';

/** The document as OpenAPI 3.0.3, for tools that know nothing newer. What 3.0 cannot say is said more loosely. */
export function version30(document: OpenAPIObject): Schema {
  const older = rewrite(document as unknown as Schema, (schema) => downgrade(schema, document));
  return { ...older, openapi: '3.0.3', info: document.info };
}

function downgrade(schema: Schema, document: OpenAPIObject): Schema {
  return keepNeighbours(withoutNullType(withoutNewKeywords(schema), document));
}

function withoutNewKeywords({ const: only, examples, ...schema }: Schema): Schema {
  return {
    ...schema,
    ...(only === undefined ? {} : { enum: [only] }),
    // In a media type `examples` is a map and stays; in a schema it is a list, and 3.0 has `example` instead.
    ...(Array.isArray(examples)
      ? { example: examples[0] as unknown }
      : examples === undefined
        ? {}
        : { examples }),
  };
}

function withoutNullType(schema: Schema, document: OpenAPIObject): Schema {
  const { type, anyOf, ...rest } = schema;
  if (Array.isArray(type)) {
    const types = (type as string[]).filter((name) => name !== 'null');
    const [single] = types;
    return { ...rest, ...(types.length === 1 ? { type: single } : {}), nullable: true };
  }
  if (Array.isArray(anyOf)) {
    const members = (anyOf as Schema[]).filter((member) => !isNull(member));
    if (members.length === anyOf.length) return schema;
    const [single] = members;
    if (!single || members.length > 1) return { ...rest, anyOf: members, nullable: true };
    // `nullable` means nothing without a `type` beside it.
    return { ...rest, type: typeOf(single, document), allOf: [single], nullable: true };
  }
  return schema;
}

/** In 3.0 the neighbours of a `$ref` are ignored, so it moves into an `allOf`. */
function keepNeighbours(schema: Schema): Schema {
  const { $ref, ...rest } = schema;
  return typeof $ref === 'string' && Object.keys(rest).length > 0 ? { ...rest, allOf: [{ $ref }] } : schema;
}

/** `{type: 'null'}`, which 3.0 does not know. */
function isNull({ type }: Schema): boolean {
  return type === 'null';
}

function typeOf({ $ref, type }: Schema, document: OpenAPIObject): string {
  const schemas = document.components?.schemas as Schemas | undefined;
  const target = $ref === undefined ? type : schemas?.[$ref.slice($ref.lastIndexOf('/') + 1)]?.type;
  return typeof target === 'string' ? target : 'object';
}
