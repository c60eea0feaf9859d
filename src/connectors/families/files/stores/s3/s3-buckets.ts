import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { elements, parseXml, textAt } from '../../../http/xml.js';
import type { BucketFacts, BucketSource } from '../../buckets/bucket-source.js';
import { S3Client } from './s3-client.js';
import type { S3Config } from './s3-spec.js';
import { s3Store } from './s3-store.js';

/** The buckets of an account of S3, or the one that is named. Nothing is dialled before the first use. */
export function s3Buckets(config: S3Config, context: OpenContext): BucketSource {
  const client = new S3Client(config, context);
  const { bucket: named } = config;
  return {
    server: {
      product: config.host === undefined ? 'Amazon S3' : 'S3-compatible store',
      version: '2006-03-01',
    },

    async buckets(signal) {
      if (named !== undefined) return [named];
      const list = parseXml((await client.call({ signal })).body);
      const [buckets] = elements(list, 'Buckets');
      return elements(buckets, 'Bucket').map((bucket) => textAt(bucket, 'Name') ?? '');
    },

    async facts(bucket, signal) {
      const [versioning, tags] = await Promise.all([
        versioningOf(client, bucket, signal),
        tagsOf(client, bucket, signal),
      ]);
      return { ...versioning, ...tags };
    },

    store: (bucket) => s3Store(client, bucket),
    close: () => client.close(),
  };
}

async function versioningOf(client: S3Client, bucket: string, signal: AbortSignal): Promise<BucketFacts> {
  return optional(async () => {
    const { body } = await client.call({ bucket, query: { versioning: '' }, signal });
    return { bucket_versioning: textAt(parseXml(body), 'Status')?.toLowerCase() ?? 'off' };
  });
}

async function tagsOf(client: S3Client, bucket: string, signal: AbortSignal): Promise<BucketFacts> {
  return optional(async () => {
    const { body } = await client.call({ bucket, query: { tagging: '' }, signal });
    const [set] = elements(parseXml(body), 'TagSet');
    const tags = elements(set, 'Tag').map(
      (tag) => `${textAt(tag, 'Key') ?? ''}=${textAt(tag, 'Value') ?? ''}`,
    );
    return tags.length === 0 ? {} : { bucket_tags: tags.sort() };
  });
}

/** A fact that the account may not ask for, or that the service does not keep, is left out. */
async function optional(ask: () => Promise<BucketFacts>): Promise<BucketFacts> {
  try {
    return await ask();
  } catch (error) {
    const missing = ['PERMISSION_DENIED', 'UNSUPPORTED', 'QUERY_FAILED'];
    if (error instanceof AppError && missing.includes(error.code)) return {};
    throw error;
  }
}
