import { readFileSync } from 'node:fs';
import { Compile } from 'typebox/schema';
import {
  rewrite,
  without,
  type Document,
  type Operation,
  type Response,
  type Schema,
} from '../../src/openapi/schema.js';
import type { Answer, CallOptions, TestApp } from './app.js';

const DOCUMENT = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as Document;

/** Headers of the transport and of security, which no operation declares. */
const COMMON_HEADERS = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'vary',
  'cache-control',
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'referrer-policy',
]);
const COMMON_PREFIX = /^x-(accel|content-type|dns|download|frame|permitted|xss)/;

/**
 * Holds answers of the API against openapi.json: the status, each header and the media type must be declared, and the
 * body must fit its schema without a field that the schema does not have.
 */
export class ApiContract {
  /** What was answered so far: `operation_id status`. */
  readonly seen = new Set<string>();
  private readonly strict = { ...DOCUMENT, components: rewrite(DOCUMENT.components, closed) };

  constructor(private readonly app: TestApp) {}

  /** Every operation with its method and its path template. */
  static routes(): { readonly id: string; readonly method: string; readonly path: string }[] {
    return Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId }]) => ({
        id: operationId,
        method: method.toUpperCase(),
        path,
      })),
    );
  }

  /** Query parameters that take one of a list of words. */
  static enumerations(): {
    readonly path: string;
    readonly name: string;
    readonly words: readonly unknown[];
  }[] {
    return Object.entries(DOCUMENT.paths).flatMap(([path, { get }]) =>
      (get?.parameters ?? []).flatMap(({ in: place, name, schema = {} }) => {
        const target = schema.$ref?.split('/').pop() ?? '';
        const { enum: words } = DOCUMENT.components.schemas[target] ?? schema;
        return place === 'query' && words ? [{ path, name, words }] : [];
      }),
    );
  }

  static operations(): Operation[] {
    return Object.values(DOCUMENT.paths).flatMap((item) => Object.values(item));
  }

  /** `app.call`, with the answer checked. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await this.app.call(method, path, options);
    const operation = operationOf(method, path);
    const faults = this.faults(operation, answer);
    if (faults.length > 0)
      throw new Error(
        `${operation.operationId} ${String(answer.status)}:\n${faults.join('\n')}\n${answer.text}`,
      );
    this.seen.add(`${operation.operationId} ${String(answer.status)}`);
    return answer;
  }

  private faults({ responses }: Operation, { status, headers, body, text }: Answer): string[] {
    const declared = responses[String(status)];
    if (!declared) return ['the status is not declared'];
    const response = resolved(declared);
    const known = new Set(Object.keys(response.headers ?? {}).map((name) => name.toLowerCase()));
    const faults = [...headers.keys()]
      .filter((name) => !known.has(name) && !COMMON_HEADERS.has(name) && !COMMON_PREFIX.test(name))
      .map((name) => `the header ${name} is not declared`);
    const type = headers.get('content-type')?.split(';', 1)[0] ?? '';
    if (!response.content) return text === '' ? faults : [...faults, 'a body is not declared'];
    const media = response.content[type];
    if (!media) return [...faults, `the media type ${type} is not declared`];
    if (!type.endsWith('json') || !media.schema) return faults;
    // The schema needs the document around it, so that its references lead somewhere.
    const [, errors] = Compile({ ...this.strict, ...closed(media.schema) }).Errors(body);
    return [...faults, ...errors.map(({ instancePath, message }) => `${instancePath}: ${message}`)];
  }
}

function closed(schema: Schema): Schema {
  const isObject = schema.type === 'object' && schema.properties !== undefined;
  return isObject && schema.additionalProperties === undefined
    ? { ...schema, unevaluatedProperties: false }
    : // What an example looks like is not to be checked.
      without(schema, 'example', 'examples');
}

function resolved({ $ref, ...response }: Response): Response {
  return $ref === undefined ? response : (DOCUMENT.components.responses?.[$ref.split('/').pop() ?? ''] ?? {});
}

function operationOf(method: string, path: string): Operation {
  const wanted = `${/^\/(api|health)/.test(path) ? '' : '/api/v1'}${path.split('?', 1)[0] ?? ''}`;
  const found = Object.keys(DOCUMENT.paths)
    .filter((template) => new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(wanted))
    // A fixed word wins over a parameter, as in the router.
    .sort((a, b) => a.split('{').length - b.split('{').length)
    .map((template) => DOCUMENT.paths[template]?.[method.toLowerCase()])
    .find((operation) => operation !== undefined);
  if (!found) throw new Error(`${method} ${path} is not in openapi.json`);
  return found;
}
