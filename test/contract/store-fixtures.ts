import { createHash, randomBytes } from 'node:crypto';
import type { StoreConfig } from '../../src/connectors/families/files/store-spec.js';
import { AzureAdmin } from '../support/azure-admin.js';
import { GcsAdmin } from '../support/gcs-admin.js';
import { S3Admin } from '../support/s3-admin.js';
import { servers } from '../support/servers.js';
import { WebServer } from '../doubles/web-server.js';
import { answerFor } from './contract-source.js';

/** A store with a place of its own in it, for tests that write there. */
export interface StoreBench {
  readonly config: StoreConfig;
  /** The same store, but no such bucket or container. */
  readonly missing?: StoreConfig;
  put(path: string, body: string | Uint8Array): Promise<void>;
  stop?(): Promise<void>;
}

const place = (): string => `store-${randomBytes(6).toString('hex')}`;

/** The kinds of remote stores, each on its test server. */
export const STORES = {
  s3: async (): Promise<StoreBench> => {
    const admin = new S3Admin(await servers.s3());
    const bucket = place();
    await admin.createBucket(bucket);
    return {
      config: { s3: { bucket, ...admin.connection } },
      missing: { s3: { ...admin.connection, bucket: `${bucket}-none` } },
      put: (path, body) => admin.put(bucket, path, body),
    };
  },

  gcs: async (): Promise<StoreBench> => {
    const server = await servers.gcs();
    answerFor('oauth2.googleapis.com', { host: server.host, port: server.tlsPort });
    const admin = new GcsAdmin(server);
    const bucket = place();
    await admin.createBucket(bucket);
    return {
      config: { gcs: { bucket, ...admin.connection } },
      missing: { gcs: { ...admin.connection, bucket: `${bucket}-none` } },
      put: (path, body) => admin.put(bucket, path, body),
    };
  },

  azureBlob: async (): Promise<StoreBench> => {
    const admin = new AzureAdmin(await servers.azureBlob());
    const container = place();
    await admin.createContainer(container);
    return {
      config: { azure_blob: { container, ...admin.connection } },
      missing: { azure_blob: { ...admin.connection, container: `${container}-none` } },
      put: (path, body) => admin.put(container, path, body),
    };
  },

  http: async (): Promise<StoreBench> => {
    const server = await WebServer.start();
    return {
      config: { http: { host: '127.0.0.1', port: server.port, tls: { mode: 'disable' } } },
      put: (path, body) => {
        server.files.set(path, Buffer.from(body));
        return Promise.resolve();
      },
      stop: () => server.stop(),
    };
  },
} as const;

/** Bytes that differ everywhere, and are the same each time. */
export function noise(length: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, at) =>
    createHash('sha256')
      .update(`${seed}${String(at)}`)
      .digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}
