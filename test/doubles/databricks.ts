import { randomBytes } from 'node:crypto';
import { pageOf, startCloudService, type CloudService } from './cloud-service.js';
import type { Reply, SeenRequest } from './http-api-server.js';

export const WORKSPACE = 'dbc-test.cloud.databricks.com';

/** Tables by catalog and schema, each as the list of tables answers it, and their constraints by full name. */
export interface Lakehouse {
  readonly catalogs: Readonly<
    Record<string, Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>>
  >;
  readonly constraints: Readonly<Record<string, readonly object[]>>;
}

export interface DatabricksDouble extends CloudService {
  /** A token that is taken. */
  readonly token: string;
  readonly clientId: string;
  /** Gets tokens, which are taken too. */
  readonly clientSecret: string;
}

/**
 * The lists of Unity Catalog's REST interface and the token server of a workspace. Tokens and client secrets are checked;
 * pages hold two items, and an empty one comes before the last; errors have the shapes of the service and of its gate.
 */
export async function startDatabricks(
  lakehouse: Lakehouse,
  meddle: (path: string) => Reply | undefined = () => undefined,
): Promise<DatabricksDouble> {
  const [token, clientSecret] = [
    `dapi${randomBytes(16).toString('hex')}`,
    `dose${randomBytes(16).toString('hex')}`,
  ];
  const clientId = '11111111-2222-4333-8444-555555555555';
  const granted = new Set<string>([token]);
  const grant = ({ headers, body }: SeenRequest): Reply => {
    const basic = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'all-apis')
      return { status: 400, body: { error: 'invalid_request' } };
    if (basic !== `${clientId}:${clientSecret}`) return { status: 401, body: { error: 'invalid_client' } };
    const access = randomBytes(32).toString('base64url');
    granted.add(access);
    return { body: { access_token: access, token_type: 'Bearer', expires_in: 3_600, scope: 'all-apis' } };
  };
  const service = await startCloudService(WORKSPACE, (request) => {
    const { pathname, searchParams } = new URL(request.url, 'https://double');
    if (request.method === 'POST' && pathname === '/oidc/v1/token') return grant(request);
    // The gate in front of all interfaces, which has a number for a code.
    if (!granted.has((request.headers.authorization ?? '').replace(/^Bearer /, '')))
      return { status: 403, body: { error_code: 403, message: 'the text is for people' } };
    const path = decodeURIComponent(pathname).replace('/api/2.1/unity-catalog', '');
    return meddle(path) ?? answer(lakehouse, path, searchParams);
  });
  return { ...service, token, clientId, clientSecret };
}

export function failure(status: number, code: string): Reply {
  return { status, body: { error_code: code, message: `the text of ${code} is for people`, details: [] } };
}

function answer({ catalogs, constraints }: Lakehouse, path: string, query: URLSearchParams): Reply {
  const [, list, name] = /^\/(catalogs|schemas|tables)(?:\/(.+))?$/.exec(path) ?? [];
  const catalog = query.get('catalog_name') ?? '';
  if (list === 'catalogs') {
    if (name === undefined) return listOf('catalogs', named(Object.keys(catalogs)), query);
    return Object.hasOwn(catalogs, name) ? { body: { name } } : failure(404, 'CATALOG_DOES_NOT_EXIST');
  }
  if (list === 'tables' && name !== undefined) {
    const table = Object.hasOwn(constraints, name) ? { table_constraints: constraints[name] } : {};
    return { body: { full_name: name, ...table } };
  }
  const schemas = Object.hasOwn(catalogs, catalog) ? catalogs[catalog] : undefined;
  if (!schemas) return failure(404, 'CATALOG_DOES_NOT_EXIST');
  if (list === 'schemas') return listOf('schemas', named(Object.keys(schemas)), query);
  const tables = schemas[query.get('schema_name') ?? ''];
  return tables ? listOf('tables', tables, query) : failure(404, 'SCHEMA_DOES_NOT_EXIST');
}

const named = (names: readonly string[]): object[] => names.map((name) => ({ name }));

function listOf(list: string, items: readonly object[], query: URLSearchParams): Reply {
  const asked = Number(query.get('max_results'));
  const { page, next } = pageOf(items, asked > 0 ? Math.min(asked, 2) : 2, query.get('page_token'));
  if (next !== undefined) return { body: { [list]: page, next_page_token: next } };
  // The last items, then a page without any.
  if (page.length > 0 && asked === 0)
    return { body: { [list]: page, next_page_token: String(items.length) } };
  return { body: page.length > 0 ? { [list]: page } : {} };
}

/** Paths that were asked for, without what they all begin with. */
export const askedOf = (seen: readonly SeenRequest[]): string[] =>
  seen.map(({ url }) => new URL(url, 'https://double').pathname.replace('/api/2.1/unity-catalog', ''));
