import { AppError } from '../../../common/app-error.js';
import type { Dataset, ServerInfo } from '../../spi/index.js';
import { isObject, SchemaFields, type Json } from '../../families/records/schema-fields.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];
/** Where lists hide in an object that is around them. */
const WRAPPERS = [
  'data',
  'items',
  'results',
  'records',
  'value',
  'values',
  'content',
  'entries',
  'list',
  'rows',
  'hits',
];
const MAX_RESOURCES = 10_000;

export interface ApiDocument {
  readonly server: ServerInfo;
  readonly json: Json;
}

/** Checks that an answer is an OpenAPI 3 document. @throws AppError PROTOCOL. */
export function readDocument(json: unknown): ApiDocument {
  if (!isObject(json) || typeof json.openapi !== 'string' || !/^3\.\d{1,3}\.\d{1,3}$/.test(json.openapi))
    throw new AppError('PROTOCOL', 'The description is not an OpenAPI 3 document in JSON.', {
      hint: 'OpenAPI 2 (Swagger) and YAML have to be converted; or use described_by "samples".',
    });
  const info = isObject(json.info) ? json.info : {};
  const said = (value: unknown, otherwise: string): string =>
    (typeof value === 'string' ? value.trim().slice(0, 200) : '') || otherwise;
  return { json, server: { product: said(info.title, 'HTTP API'), version: said(info.version, 'unknown') } };
}

/** Every path that can be read (GET) as a resource with the fields of its answer; the generator returns what was cut. */
export function* resourcesOf({ json }: ApiDocument, schema: string): Generator<Dataset, string | undefined> {
  const reader = new SchemaFields(json);
  const paths = isObject(json.paths) ? Object.entries(json.paths) : [];
  let cut: string | undefined;
  for (const [path, given] of paths.slice(0, MAX_RESOURCES)) {
    reader.begin();
    const item = reader.plain(given);
    const get = item.get;
    if (!isObject(get)) continue;
    const { itemsAt, schema: record } = recordOf(reader, answerOf(reader, get));
    const { fields, cut: isCut } = reader.read(record);
    if (isCut) cut = `The resource ${path.slice(0, 100)} has more fields than are read.`;
    yield {
      schema,
      name: path,
      kind: 'resource',
      ...commentOf(get, item),
      fields,
      properties: {
        methods: METHODS.filter((method) => isObject(item[method])),
        parameters: parametersOf(reader, item, get),
        ...(itemsAt === undefined ? {} : { items_at: itemsAt }),
      },
    };
  }
  return paths.length > MAX_RESOURCES ? `Only ${String(MAX_RESOURCES)} paths are read.` : cut;
}

function commentOf(get: Json, item: Json): { comment?: string } {
  const text = [get.summary, get.description, item.summary].find(
    (one) => typeof one === 'string' && one !== '',
  );
  return typeof text === 'string' ? { comment: text.slice(0, 2_000) } : {};
}

/** The schema of the JSON that a successful GET answers with. */
function answerOf(reader: SchemaFields, { responses }: Json): Json {
  if (!isObject(responses)) return {};
  const status = ['200', '201', '206', '2XX', 'default'].find((one) => Object.hasOwn(responses, one));
  const { content } = reader.plain(status === undefined ? undefined : responses[status]);
  if (!isObject(content)) return {};
  const media = Object.entries(content).find(([type]) => /^application\/([\w.+-]*\+)?json\b/i.test(type));
  const { schema } = reader.plain(media?.[1]);
  return reader.plain(schema);
}

/** The schema of one record: the items of a list, or of the list inside of its wrapper. */
function recordOf(reader: SchemaFields, answer: Json): { itemsAt?: string; schema: Json } {
  if (answer.type === 'array' || isObject(answer.items))
    return { itemsAt: '', schema: reader.plain(answer.items) };
  const { properties } = answer;
  if (isObject(properties))
    for (const name of WRAPPERS) {
      if (!Object.hasOwn(properties, name)) continue;
      const inner = reader.plain(properties[name]);
      if (inner.type === 'array') return { itemsAt: name, schema: reader.plain(inner.items) };
    }
  return { schema: answer };
}

function parametersOf(reader: SchemaFields, item: Json, get: Json): string[] {
  const all = [item.parameters, get.parameters].flatMap((list) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  const names = all
    .slice(0, 200)
    .map((one) => reader.plain(one))
    .filter((one) => one.in === 'query' || one.in === 'path')
    .map(({ name }) => name)
    .filter((name): name is string => typeof name === 'string');
  return [...new Set(names)];
}
