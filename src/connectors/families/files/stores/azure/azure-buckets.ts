import type { OpenContext } from '../../../../spi/index.js';
import { elements, parseXml, textAt } from '../../../http/xml.js';
import type { BucketFacts, BucketSource } from '../../buckets/bucket-source.js';
import { AppError } from '../../../../../common/app-error.js';
import { AzureClient } from './azure-client.js';
import { AZURE_VERSION } from './azure-signature.js';
import type { AzureConfig } from './azure-spec.js';
import { azureStore } from './azure-store.js';

/** The containers of an account, or the one that is named. Nothing is dialled before the first use. */
export function azureContainers(
  config: AzureConfig & { readonly container?: string | undefined },
  context: OpenContext,
): BucketSource {
  const client = new AzureClient(config, context);
  const { container: named } = config;
  return {
    server: { product: 'Azure Blob Storage', version: AZURE_VERSION },
    buckets: async (signal) => (named === undefined ? containerNames(client, signal) : [named]),
    facts: (container, signal) => factsOf(client, container, signal),
    store: (container) => azureStore(client, container),
    close: () => client.close(),
  };
}

async function containerNames(client: AzureClient, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const page = parseXml((await client.call({ query: { comp: 'list', marker }, signal })).body);
    const [containers] = elements(page, 'Containers');
    names.push(...elements(containers, 'Container').map((container) => textAt(container, 'Name') ?? ''));
    const next = textAt(page, 'NextMarker');
    marker = next === marker ? undefined : next;
  } while (marker !== undefined && marker !== '');
  return names;
}

/** What the service tells of a container in headers; nothing where the login may read its blobs alone. */
async function factsOf(client: AzureClient, container: string, signal: AbortSignal): Promise<BucketFacts> {
  try {
    const { headers } = await client.call({ container, query: { restype: 'container' }, signal });
    const tags = Object.entries(headers)
      .filter(([name]) => name.startsWith('x-ms-meta-'))
      .map(([name, value]) => `${name.slice('x-ms-meta-'.length)}=${value}`);
    return {
      bucket_public_access: headers['x-ms-blob-public-access'] ?? 'off',
      ...(tags.length === 0 ? {} : { bucket_tags: tags.sort() }),
    };
  } catch (error) {
    if (error instanceof AppError && error.code === 'PERMISSION_DENIED') return {};
    throw error;
  }
}
