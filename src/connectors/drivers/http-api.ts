import { recordsConnector } from '../families/records/records-connector.js';
import type { CutShort, Peek } from '../families/records/records-driver.js';
import { toConnectorError, type Dataset, type Remedy } from '../spi/index.js';
import { ApiLine } from './http-api/api-line.js';
import { graphqlResources, INTROSPECTION } from './http-api/graphql.js';
import { readDocument, resourcesOf } from './http-api/openapi.js';
import { sampledResource } from './http-api/samples.js';
import { httpApiFaults, httpApiSpec, type HttpApiConfig } from './http-api/spec.js';

/** An API has one scope: its resources. */
const SCOPE = 'api';

async function* datasets(
  line: ApiLine,
  scope: string,
  { signal }: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  if (line.config.described_by === 'samples') return yield* sampled(line, scope, signal);
  const cut =
    line.config.described_by === 'graphql'
      ? yield* graphqlResources(await line.graphql(INTROSPECTION, signal), scope)
      : yield* resourcesOf(readDocument(await line.read(line.descriptionPath, signal)), scope);
  return cut === undefined ? undefined : { reason: cut };
}

/** Each path by itself: one that fails takes nothing from the others, and is told. */
async function* sampled(
  line: ApiLine,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const { resources = [] } = line.config;
  const failed: string[] = [];
  for (const path of new Set(resources)) {
    try {
      yield sampledResource(scope, path, await line.read(path, signal));
    } catch (error) {
      const fault = toConnectorError(error);
      if (signal.aborted || failed.length + 1 === resources.length || fault.blame === 'transient')
        throw error;
      failed.push(`${path.slice(0, 100)}: ${fault.message}`);
    }
  }
  return failed.length === 0 ? undefined : { reason: `Not read: ${failed.slice(0, 5).join(' ')}` };
}

function remedy(code: string, { auth = 'none', described_by: by }: HttpApiConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text:
          auth === 'none'
            ? 'The API wants a login: choose `auth`, and give its secret.'
            : `Check the ${LOGINS[auth]}: whether it is still valid, and meant for this API.`,
      };
    case 'PERMISSION_DENIED':
      return {
        text:
          by === 'graphql'
            ? 'Allow the account introspection, or describe the API by OpenAPI or samples.'
            : 'Grant the account (or the scope of its token) the right to read the description and the resources.',
      };
    case 'DATABASE_NOT_FOUND':
      return { text: 'Check base_path and description_path: together they must lead to the description.' };
    default:
      return undefined;
  }
}

const LOGINS = {
  basic: 'user name and the password',
  bearer: 'token',
  api_key: 'API key, and whether it belongs into a header or into the query',
  oauth2: 'client id, the client secret and the scope',
} as const;

/** An API over HTTP that answers with JSON. Its resources are datasets; nothing is written and no redirect followed. */
export const httpApi = recordsConnector(
  {
    type: 'http_api',
    title: 'HTTP API',
    category: 'api',
    spec: httpApiSpec,
    concurrency: 'shared',
    check: httpApiFaults,
    remedy,
  },
  {
    codes: {},
    connect: (config, context) => ApiLine.open(config, context),
    scopes: () => Promise.resolve([SCOPE]),
    datasets,
  },
);
