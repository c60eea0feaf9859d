import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import type { BucketFacts, BucketSource } from '../../buckets/bucket-source.js';
import { GcsClient } from './gcs-client.js';
import type { GcsConfig } from './gcs-spec.js';
import { gcsStore } from './gcs-store.js';

interface BucketResource {
  readonly name?: string;
  readonly location?: string;
  readonly storageClass?: string;
  readonly versioning?: { readonly enabled?: boolean };
  readonly labels?: Readonly<Record<string, string>>;
}

/** The buckets of a project, or the one that is named. Nothing is dialled before the first use. */
export function gcsBuckets(
  config: GcsConfig & { readonly project?: string | undefined },
  context: OpenContext,
): BucketSource {
  const client = new GcsClient(config, context);
  const { bucket: named } = config;
  const project = config.project ?? client.project;
  return {
    server: { product: 'Google Cloud Storage', version: 'v1' },

    async buckets(signal) {
      if (named !== undefined) return [named];
      if (project === undefined)
        throw new AppError('CONFIG_INVALID', 'Without a bucket the project must be named.');
      return bucketNames(client, project, signal);
    },

    facts: (bucket, signal) => factsOf(client, bucket, signal),
    store: (bucket) => gcsStore(client, bucket),
    close: () => client.close(),
  };
}

async function bucketNames(client: GcsClient, project: string, signal: AbortSignal): Promise<string[]> {
  const names: string[] = [];
  let token: string | undefined;
  do {
    const page = (await client.json({
      segments: ['b'],
      query: { project, maxResults: 1_000, pageToken: token, fields: 'items(name),nextPageToken' },
      signal,
    })) as { items?: readonly BucketResource[]; nextPageToken?: string };
    names.push(...(page.items ?? []).map(({ name = '' }) => name));
    token = page.nextPageToken === token ? undefined : page.nextPageToken;
  } while (token !== undefined && token !== '');
  return names;
}

/** What the service tells of a bucket; nothing where the account may read its objects alone. */
async function factsOf(client: GcsClient, bucket: string, signal: AbortSignal): Promise<BucketFacts> {
  const query = { fields: 'location,storageClass,versioning,labels' };
  let facts: BucketResource;
  try {
    facts = (await client.json({ segments: ['b', bucket], query, signal })) as BucketResource;
  } catch (error) {
    if (error instanceof AppError && error.code === 'PERMISSION_DENIED') return {};
    throw error;
  }
  const { location, storageClass, versioning, labels = {} } = facts;
  const tags = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return {
    bucket_versioning: versioning?.enabled === true ? 'enabled' : 'off',
    ...(location === undefined ? {} : { bucket_location: location }),
    ...(storageClass === undefined ? {} : { bucket_storage_class: storageClass }),
    ...(tags.length === 0 ? {} : { bucket_tags: tags.sort() }),
  };
}
