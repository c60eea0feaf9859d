import { Type, type Static, type TObject, type TProperties } from 'typebox';
import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { Address, ConnectionFault, OpenContext, Remedy } from '../../spi/index.js';
import type { FileStore } from './stores/file-store.js';
import { azureRemedy } from './stores/azure/azure-remedies.js';
import { azureEndpoint, azureFields, checkAzure, containerField } from './stores/azure/azure-spec.js';
import { gcsRemedy } from './stores/gcs/gcs-remedies.js';
import { checkGcs, gcsEndpoint, gcsFields } from './stores/gcs/gcs-spec.js';
import { webRemedy } from './stores/http/http-remedies.js';
import { checkWeb, webEndpoint, webFields } from './stores/http/http-spec.js';
import { localStore } from './stores/local-store.js';
import { s3Remedy } from './stores/s3/s3-remedies.js';
import { bucketField, checkS3, s3Endpoint, s3Fields } from './stores/s3/s3-spec.js';

const storeBlock = <P extends TProperties>(name: string, title: string, fields: P) =>
  Type.Optional(
    Type.Object(fields, { title, additionalProperties: false, 'x-group': 'store', 'x-schema': name }),
  );

/**
 * Where the files of a source are, for the spec of every type of file: one of these blocks, or none for the
 * organization's own folder. Give the connector `check: checkStore` and `endpoint: storeEndpoint` too.
 */
export const storeFields = () => ({
  ...listedStoreFields(),
  http: storeBlock('WebStore', 'Web server', webFields()),
});

/** The same for types that have to list a folder, which no web server does. */
export const listedStoreFields = () => ({
  s3: storeBlock('S3Store', 'S3', { ...bucketField(), ...s3Fields() }),
  gcs: storeBlock('GcsStore', 'Google Cloud Storage', { ...bucketField(), ...gcsFields() }),
  azure_blob: storeBlock('AzureBlobStore', 'Azure Blob Storage', { ...containerField(), ...azureFields() }),
});

export type StoreConfig = Static<TObject<ReturnType<typeof storeFields>>>;

type Blocks = Required<StoreConfig>;

/** One kind of remote store. */
interface Kind<C> {
  endpoint(config: C): Address;
  /** Faults of a block; `at` is its pointer. */
  check(config: C, at: string): readonly ConnectionFault[];
  remedy(code: ErrorCode, config: C): Remedy | undefined;
  open(config: C, context: OpenContext): Promise<FileStore>;
}

/** The only place that knows which stores there are. */
const KINDS: { readonly [K in keyof Blocks]: Kind<Blocks[K]> } = {
  s3: {
    endpoint: s3Endpoint,
    check: checkS3,
    remedy: s3Remedy,
    open: async (config, context) => (await import('./stores/s3/s3-store.js')).openS3Store(config, context),
  },
  gcs: {
    endpoint: gcsEndpoint,
    check: checkGcs,
    remedy: gcsRemedy,
    open: async (config, context) =>
      (await import('./stores/gcs/gcs-store.js')).openGcsStore(config, context),
  },
  azure_blob: {
    endpoint: azureEndpoint,
    check: checkAzure,
    remedy: azureRemedy,
    open: async (config, context) =>
      (await import('./stores/azure/azure-store.js')).openAzureStore(config, context),
  },
  http: {
    endpoint: webEndpoint,
    check: checkWeb,
    remedy: webRemedy,
    open: async (config, context) =>
      (await import('./stores/http/http-store.js')).openWebStore(config, context),
  },
};

const NAMES = Object.keys(KINDS) as (keyof Blocks)[];

/** The block that is given, bound to its kind. */
function chosen(config: StoreConfig) {
  for (const name of NAMES) {
    const found = config[name];
    if (found !== undefined) return bound(name, found);
  }
  return undefined;
}

function bound<K extends keyof Blocks>(name: K, block: Blocks[K]) {
  const kind: Kind<Blocks[K]> = KINDS[name];
  return {
    endpoint: () => kind.endpoint(block),
    check: () => kind.check(block, `/${name}`),
    remedy: (code: ErrorCode) => kind.remedy(code, block),
    open: (context: OpenContext) => kind.open(block, context),
  };
}

/** Faults of the blocks: more than one of them, or fields that do not go together. */
export function checkStore(config: StoreConfig): readonly ConnectionFault[] {
  const given = NAMES.filter((name) => config[name] !== undefined);
  if (given.length > 1)
    return given.slice(1).map((name) => ({
      pointer: `/${name}`,
      code: 'excluded',
      detail: `A file is in one place: ${given[0] ?? ''} is given already.`,
    }));
  return chosen(config)?.check() ?? [];
}

/** Where the store is; nothing for the organization's own folder. */
export function storeEndpoint(config: StoreConfig): Address | undefined {
  return chosen(config)?.endpoint();
}

/** What to do about a fault of the store, where its kind knows; `undefined` for the organization's own folder. */
export function storeRemedy(config: StoreConfig, code: ErrorCode): Remedy | undefined {
  const store = chosen(config);
  return store && (store.remedy(code) ?? REMOTE_REMEDIES[code]);
}

const REMOTE_REMEDIES: Partial<Record<ErrorCode, Remedy>> = {
  FILE_NOT_FOUND: { text: 'Put the file at this path of the store, or correct `file_path`; case counts.' },
};

/**
 * Opens the store of a source. The caller closes it.
 *
 * @throws AppError UNSUPPORTED where an installation keeps no files, or what opening the remote store gives.
 */
export async function openStore(config: StoreConfig, context: OpenContext): Promise<FileStore> {
  const remote = chosen(config);
  if (remote) return remote.open(context);
  const { root } = context;
  if (root === undefined) throw new AppError('UNSUPPORTED', 'This installation keeps no files.');
  return localStore(root);
}
