/** A JSON Schema as it stands in the document; only what is read here has a type. */
export interface Schema {
  readonly [keyword: string]: unknown;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Schemas;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly const?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly 'x-group'?: string;
  readonly 'x-schema'?: string;
}

export type Schemas = Record<string, Schema>;

export interface MediaType {
  schema?: Schema;
  example?: unknown;
  examples?: Readonly<Record<string, Example>>;
}

export interface Example {
  readonly summary: string;
  readonly description?: string;
  readonly value: unknown;
}

export interface Response {
  readonly $ref?: string;
  description?: string;
  headers?: Record<string, Schema>;
  content?: Record<string, MediaType>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  description?: string;
  example?: string;
  schema?: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly parameters?: Parameter[];
  readonly requestBody?: { content: Record<string, MediaType> };
  readonly responses: Record<string, Response>;
  security?: readonly Readonly<Record<string, readonly string[]>>[];
}

/** The part of an OpenAPI 3.1 document that this product writes. */
export interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly tags?: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    schemas: Schemas;
    responses?: Record<string, Response>;
    headers?: Record<string, Schema>;
  };
}

const SCHEMAS = '#/components/schemas/';

export function componentPart(
  kind: 'schemas' | 'headers' | 'responses',
  name: string,
): { readonly $ref: string } {
  return { $ref: `#/components/${kind}/${name}` };
}

export function componentRef(name: string): { readonly $ref: string } {
  return componentPart('schemas', name);
}

/** A copy without these keywords. */
export function without(schema: Schema, ...keywords: readonly string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !keywords.includes(keyword)));
}

/** A copy of a JSON value with `change` applied to each object in it, the inner ones first. */
export function rewrite<T>(value: T, change: (object: Schema) => Schema): T {
  if (Array.isArray(value)) return value.map((item: unknown) => rewrite(item, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) copy[key] = rewrite(inner as unknown, change);
  return change(copy) as T;
}

/** Names of all components that a JSON value leads to, through other components too. */
export function reachable(from: unknown, schemas: Schemas, found = new Set<string>()): Set<string> {
  rewrite(from, (object) => {
    const name = object.$ref?.startsWith(SCHEMAS) ? object.$ref.slice(SCHEMAS.length) : undefined;
    if (name !== undefined && !found.has(name)) {
      found.add(name);
      reachable(schemas[name], schemas, found);
    }
    return object;
  });
  return found;
}
