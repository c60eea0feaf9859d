import { generateKeyPairSync } from 'node:crypto';
import { claimsOf, pageOf, startCloudService, type CloudService } from './cloud-service.js';
import type { Reply, SeenRequest } from './http-api-server.js';

const SCOPE = 'https://www.googleapis.com/auth/bigquery.readonly';
const EMAIL = 'datawave@shop-test.iam.gserviceaccount.com';
export const PROJECT = 'shop-test';

/** Tables by dataset, each as `tables.get` answers it. */
export type Warehouse = Readonly<Record<string, Readonly<Record<string, object>>>>;

export interface BigqueryDouble extends CloudService {
  /** The text of a key file that is taken. */
  readonly keyFile: string;
}

/** A key file with a fresh key. */
export function makeKeyFile(changes: object = {}): { readonly keyFile: string; readonly publicKey: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const file = {
    type: 'service_account',
    project_id: PROJECT,
    private_key_id: 'k1',
    private_key: privateKey,
    client_email: EMAIL,
    client_id: '1',
    token_uri: 'https://oauth2.googleapis.com/token',
    ...changes,
  };
  return { keyFile: JSON.stringify(file), publicKey };
}

/**
 * The metadata calls of BigQuery's REST interface: a token that the account signed itself is checked (signature, account,
 * scope, times), lists come in pages of two, errors have Google's shape.
 */
export async function startBigquery(
  warehouse: Warehouse,
  meddle: (path: string) => Reply | undefined = () => undefined,
): Promise<BigqueryDouble> {
  const { keyFile, publicKey } = makeKeyFile();
  const service = await startCloudService('bigquery.googleapis.com', ({ method, url, headers }) => {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    const claims = claimsOf(token, publicKey);
    if (claims?.iss !== EMAIL || claims.sub !== EMAIL || claims.scope !== SCOPE)
      return failure(401, 'authError', 'UNAUTHENTICATED');
    const { pathname, searchParams } = new URL(url, 'https://double');
    const path = decodeURIComponent(pathname);
    return method === 'GET'
      ? (meddle(path) ?? answer(warehouse, path, searchParams))
      : failure(404, 'notFound');
  });
  return { ...service, keyFile };
}

export function failure(code: number, reason: string, status = 'FAILED'): Reply {
  const message = `the text of ${reason} is for people`;
  return {
    status: code,
    body: { error: { code, message, errors: [{ message, domain: 'global', reason }], status } },
  };
}

function answer(warehouse: Warehouse, path: string, query: URLSearchParams): Reply {
  const [, project, dataset, table] =
    /^\/bigquery\/v2\/projects\/([^/]+)\/datasets(?:\/([^/]+)(?:\/tables(?:\/(.+))?)?)?$/.exec(path) ?? [];
  if (project !== PROJECT) return failure(404, 'notFound', 'NOT_FOUND');
  const size = Math.min(2, Number(query.get('maxResults') ?? 2));
  if (dataset === undefined) {
    const { page, next } = pageOf(Object.keys(warehouse), size, query.get('pageToken'));
    const datasets = page.map((id) => ({
      kind: 'bigquery#dataset',
      datasetReference: { datasetId: id, projectId: project },
    }));
    // An empty list is left out, as the service does.
    return {
      body: {
        kind: 'bigquery#datasetList',
        ...(page.length > 0 ? { datasets } : {}),
        ...(next ? { nextPageToken: next } : {}),
      },
    };
  }
  const tables = Object.hasOwn(warehouse, dataset) ? warehouse[dataset] : undefined;
  if (tables === undefined) return failure(404, 'notFound', 'NOT_FOUND');
  if (!path.includes('/tables')) return { body: { kind: 'bigquery#dataset', id: `${project}:${dataset}` } };
  if (table !== undefined) {
    const found = Object.hasOwn(tables, table) ? tables[table] : undefined;
    return found ? { body: found } : failure(404, 'notFound', 'NOT_FOUND');
  }
  const { page, next } = pageOf(Object.keys(tables), size, query.get('pageToken'));
  const listed = page.map((id) => ({
    kind: 'bigquery#table',
    tableReference: { projectId: project, datasetId: dataset, tableId: id },
  }));
  return {
    body: {
      kind: 'bigquery#tableList',
      totalItems: Object.keys(tables).length,
      ...(page.length > 0 ? { tables: listed } : {}),
      ...(next ? { nextPageToken: next } : {}),
    },
  };
}

/** Paths that were asked for, without the project. */
export const askedOf = (seen: readonly SeenRequest[]): string[] =>
  seen.map(({ url }) =>
    new URL(url, 'https://double').pathname.replace(`/bigquery/v2/projects/${PROJECT}`, ''),
  );
