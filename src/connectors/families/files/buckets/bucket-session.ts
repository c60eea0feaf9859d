import type { OpenContext, Session } from '../../../spi/index.js';
import { discoverBuckets } from './discover-bucket.js';
import type { BucketSource } from './bucket-source.js';

/**
 * Opens a source that is buckets: proves that the one that is named, or the list of all, may be read. One session serves
 * all callers; a ping costs one call.
 */
export async function openBucketSession(
  source: BucketSource,
  { bucket, context }: { readonly bucket: string | undefined; readonly context: OpenContext },
): Promise<Session<'discover'>> {
  let usable = true;
  const close = (): Promise<void> => {
    usable = false;
    return source.close();
  };
  try {
    context.signal.throwIfAborted();
    const proof = await prove(source, bucket, context.signal);
    context.done?.('database', proof);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    server: source.server,
    get usable() {
      return usable;
    },
    ping: async (signal) => {
      await prove(source, bucket, signal);
    },
    close,
    discover: { discover: (request, signal) => discoverBuckets(source, request, signal) },
  };
}

async function prove(
  source: BucketSource,
  bucket: string | undefined,
  signal: AbortSignal,
): Promise<Record<string, string | number>> {
  signal.throwIfAborted();
  if (bucket === undefined) return { buckets: (await source.buckets(signal)).length };
  await source.store(bucket).list('', { limit: 1, signal })[Symbol.asyncIterator]().next();
  return { bucket };
}
