import { AppError } from '../../../common/app-error.js';
import type { Dataset, Field, NormalizedType } from '../../spi/index.js';
import { isObject, type Json } from '../../families/records/schema-fields.js';

const MAX_DEPTH = 3;
const MAX_FIELDS = 2_000;

/** Types nest at most so deep in lists and non-nulls: [[T!]!]! */
const TYPE_REF =
  'kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }';
export const INTROSPECTION = `query { __schema { queryType { name } types { kind name description
  fields { name description args { name } type { ${TYPE_REF} } }
  enumValues { name } } } }`;

interface TypeRef {
  readonly kind: string;
  readonly name: string | null;
  readonly ofType?: TypeRef | null;
}
interface GraphqlField {
  readonly name: string;
  readonly description?: string | null;
  readonly args?: readonly { readonly name: string }[];
  readonly type: TypeRef;
}
interface GraphqlType {
  readonly kind: string;
  readonly name: string;
  readonly description?: string | null;
  readonly fields?: readonly GraphqlField[] | null;
  readonly enumValues?: readonly { readonly name: string }[] | null;
}

const SCALARS: Readonly<Record<string, NormalizedType>> = {
  Int: 'integer',
  Float: 'float',
  Boolean: 'boolean',
  String: 'string',
  ID: 'string',
  UUID: 'uuid',
  Date: 'date',
  Time: 'time',
  DateTime: 'timestamp_tz',
  JSON: 'json',
  Decimal: 'decimal',
  BigInt: 'integer',
};

/** What posts a query to the endpoint and gives the JSON of the answer. */
type Post = (body: string) => Promise<unknown>;

/** Runs a query of ours. @throws AppError; a server that answers with errors refused it. */
export async function readGraphql(post: Post, query: string): Promise<Json> {
  const answer = await post(JSON.stringify({ query }));
  if (!isObject(answer) || (!isObject(answer.data) && !Array.isArray(answer.errors)))
    throw new AppError('PROTOCOL', 'The answer is not one of GraphQL.');
  if (isObject(answer.data)) return answer.data;
  const codes = JSON.stringify(answer.errors).slice(0, 10_000);
  if (codes.includes('"UNAUTHENTICATED"'))
    throw new AppError('AUTH_FAILED', 'The source refused the credentials.');
  throw new AppError('PERMISSION_DENIED', 'The GraphQL server refused the query.', {
    hint: 'Introspection must be switched on for this account.',
  });
}

/** What can be asked for at the root, as resources with the fields of their types. */
export function* graphqlResources(data: Json, schema: string): Generator<Dataset, string | undefined> {
  const { __schema: found } = data as {
    __schema?: { types?: GraphqlType[]; queryType?: { name: string } | null };
  };
  const types = new Map((found?.types ?? []).map((type) => [type.name, type]));
  const root = types.get(found?.queryType?.name ?? 'Query');
  let cut: string | undefined;
  for (const field of root?.fields ?? []) {
    const record = recordOf(types, field);
    if (!record) continue;
    const reader = new TypeFields(types);
    const fields = reader.fields(record.type, 0);
    if (reader.cut) cut = `The resource ${field.name.slice(0, 100)} has more fields than are read.`;
    const comment = field.description ?? record.type.description;
    yield {
      schema,
      name: field.name,
      kind: 'resource',
      ...(comment ? { comment: comment.slice(0, 2_000) } : {}),
      fields,
      properties: {
        type: record.type.name,
        list: record.list,
        arguments: (field.args ?? []).map(({ name }) => name),
      },
    };
  }
  return cut;
}

/** The object type behind a field, also behind a connection with edges and nodes. */
function recordOf(
  types: ReadonlyMap<string, GraphqlType>,
  field: GraphqlField,
): { type: GraphqlType; list: boolean } | undefined {
  const { name, list } = unwrapped(field.type);
  const type = types.get(name);
  if (!type || (type.kind !== 'OBJECT' && type.kind !== 'INTERFACE')) return undefined;
  const inner = (of: GraphqlType | undefined, part: string): GraphqlType | undefined => {
    const found = of?.fields?.find((one) => one.name === part);
    return found && types.get(unwrapped(found.type).name);
  };
  const node = inner(inner(type, 'edges'), 'node') ?? inner(type, 'nodes');
  return node ? { type: node, list: true } : { type, list };
}

class TypeFields {
  cut = false;
  private left = MAX_FIELDS;

  constructor(private readonly types: ReadonlyMap<string, GraphqlType>) {}

  fields(type: GraphqlType, depth: number): Field[] {
    const fields: Field[] = [];
    for (const field of type.fields ?? []) {
      if (this.left <= 0) {
        this.cut = true;
        break;
      }
      this.left -= 1;
      fields.push(this.field(field, fields.length + 1, depth));
    }
    return fields;
  }

  private field({ name, description, type }: GraphqlField, ordinal: number, depth: number): Field {
    const { name: typeName, list } = unwrapped(type);
    const target = this.types.get(typeName);
    const isObjectType = target?.kind === 'OBJECT' || target?.kind === 'INTERFACE';
    const inner = isObjectType && depth < MAX_DEPTH ? this.fields(target, depth + 1) : [];
    const values = target?.kind === 'ENUM' ? target.enumValues?.map((one) => one.name) : undefined;
    const scalar = Object.hasOwn(SCALARS, typeName) ? SCALARS[typeName] : undefined;
    const plain = isObjectType ? 'object' : values ? 'enum' : (scalar ?? 'unknown');
    return {
      name,
      ordinal,
      native_type: written(type),
      type: list ? 'array' : plain,
      nullable: type.kind !== 'NON_NULL',
      ...(description ? { comment: description.slice(0, 2_000) } : {}),
      ...(values ? { values: values.slice(0, 500) } : {}),
      ...(inner.length > 0 ? { fields: inner } : {}),
    };
  }
}

function unwrapped(type: TypeRef): { name: string; list: boolean } {
  let at = type;
  let list = false;
  while (at.ofType) {
    list ||= at.kind === 'LIST';
    at = at.ofType;
  }
  return { name: at.name ?? '', list };
}

/** As GraphQL writes it, such as `[Order!]!`. */
function written({ kind, name, ofType }: TypeRef): string {
  if (!ofType) return name ?? 'unknown';
  return kind === 'NON_NULL' ? `${written(ofType)}!` : `[${written(ofType)}]`;
}
