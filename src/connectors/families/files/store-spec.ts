import { Type, type Static, type TObject, type TProperties } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import type { Address, ConnectionFault, OpenContext } from '../../spi/index.js';
import type { FileStore } from './stores/file-store.js';
import { checkGcs, gcsEndpoint, gcsFields } from './stores/gcs/gcs-spec.js';
import { localStore } from './stores/local-store.js';
import { bucketField, checkS3, s3Endpoint, s3Fields } from './stores/s3/s3-spec.js';

const block = <P extends TProperties>(name: string, title: string, fields: P) =>
  Type.Optional(
    Type.Object(fields, { title, additionalProperties: false, 'x-group': 'store', 'x-schema': name }),
  );

/**
 * Where the files of a source are, for the spec of every type of file: one of these blocks, or none for the
 * organization's own folder. Give the connector `check: checkStore` and `endpoint: storeEndpoint` too.
 */
export const storeFields = () => ({
  s3: block('S3Store', 'S3', { ...bucketField(), ...s3Fields() }),
  gcs: block('GcsStore', 'Google Cloud Storage', { ...bucketField(), ...gcsFields() }),
});

export type StoreConfig = Static<TObject<ReturnType<typeof storeFields>>>;

/** One kind of remote store. */
interface Kind<C> {
  endpoint(config: C): Address;
  /** Faults of a block; `at` is its pointer. */
  check(config: C, at: string): readonly ConnectionFault[];
  open(config: C, context: OpenContext): Promise<FileStore>;
}

/** The only place that knows which stores there are. */
const KINDS: { readonly [K in keyof StoreConfig]-?: Kind<NonNullable<StoreConfig[K]>> } = {
  s3: {
    endpoint: s3Endpoint,
    check: checkS3,
    open: async (config, context) => (await import('./stores/s3/s3-store.js')).openS3Store(config, context),
  },
  gcs: {
    endpoint: gcsEndpoint,
    check: checkGcs,
    open: async (config, context) =>
      (await import('./stores/gcs/gcs-store.js')).openGcsStore(config, context),
  },
};

const NAMES = Object.keys(KINDS) as (keyof StoreConfig)[];

/** One block, bound to its kind. */
function chosen(config: StoreConfig) {
  const name = NAMES.find((candidate) => config[candidate] !== undefined);
  return name === undefined ? undefined : bound(name, config[name]);
}

function bound<K extends keyof StoreConfig>(name: K, config: StoreConfig[K]) {
  const kind: Kind<NonNullable<StoreConfig[K]>> = KINDS[name];
  const fields = config as NonNullable<StoreConfig[K]>;
  return {
    endpoint: () => kind.endpoint(fields),
    check: () => kind.check(fields, `/${name}`),
    open: (context: OpenContext) => kind.open(fields, context),
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
