import type { Dataset, ServerInfo } from '../../../spi/index.js';
import type { FileStore } from '../stores/file-store.js';

/** Facts of a bucket as they stand in the properties of its datasets. */
export type BucketFacts = NonNullable<Dataset['properties']>;

/** A service that keeps objects in buckets, opened for one source. */
export interface BucketSource {
  readonly server: ServerInfo;
  /** The buckets to read: the one that the connection names, else all that the login may list. */
  buckets(signal: AbortSignal): Promise<readonly string[]>;
  /** What the service tells of a bucket; a fact that the login may not ask for is left out. */
  facts(bucket: string, signal: AbortSignal): Promise<BucketFacts>;
  store(bucket: string): FileStore;
  /** Never rejects. */
  close(): Promise<void>;
}
