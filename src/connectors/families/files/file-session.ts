import type { ErrorCode } from '../../../common/app-error.js';
import type { OpenContext, Remedy, Session } from '../../spi/index.js';
import type { Reader } from './analyze-file.js';
import { discoverFile } from './discover-file.js';
import { isGzip } from './sample-plan.js';
import { openStore, storeRemedy, type StoreConfig } from './store-spec.js';
import type { FileStore } from './stores/file-store.js';

/** What a format gives so that the family makes a connector of it. */
export interface FileFormat {
  /** What `server.product` says, such as `CSV file`. */
  readonly product: string;
  /** The standard that it is read by, as `server.version`. */
  readonly standard: string;
  readonly reader: Reader;
  /**
   * A look at the first bytes when a session is opened, so that a test finds a wrong file: throws FILE_UNREADABLE where
   * it can be no such file. Cheap, as it runs in the main thread.
   */
  check(head: Uint8Array): void;
}

const HEAD_BYTES = 4_096;

/** The part of a connection that says which file it is. */
export interface FilePlace extends StoreConfig {
  readonly file_path: string;
}

/**
 * Opens a source that is one file in a store. One session serves all callers; `ping` costs one stat. Rejects with
 * CONFIG_INVALID, FILE_NOT_FOUND, PERMISSION_DENIED, FILE_UNREADABLE or what the line to the store gives.
 */
export async function openFileSession(
  place: FilePlace,
  format: FileFormat,
  context: OpenContext,
): Promise<Session<'discover' | 'presign'>> {
  const { signal } = context;
  signal.throwIfAborted();
  const path = place.file_path;
  const store = await openStore(place, context);
  let usable = true;
  const close = (): Promise<void> => {
    usable = false;
    return store.close();
  };
  try {
    const size = await look(store, path, format, signal);
    context.done?.('database', { size_bytes: size });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    server: { product: format.product, version: format.standard },
    get usable() {
      return usable;
    },
    ping: async (pingSignal) => {
      await store.stat(path, pingSignal);
    },
    close,
    discover: {
      discover: (request, runSignal) =>
        discoverFile({ store, path, reader: format.reader }, request, runSignal),
    },
    presign: { presign: (expiresInS, urlSignal) => store.presign(path, expiresInS, urlSignal) },
  };
}

async function look(
  store: FileStore,
  path: string,
  format: FileFormat,
  signal: AbortSignal,
): Promise<number> {
  const file = await store.open(path, signal);
  try {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.size), signal);
    if (!isGzip(head)) format.check(head);
    return file.size;
  } finally {
    await file.close();
  }
}

/** Remedies that all file sources share: those of the store, or of the organization's own folder. */
export function fileRemedy(code: ErrorCode, config: StoreConfig = {}): Remedy | undefined {
  const text = REMEDIES[code];
  return storeRemedy(config, code) ?? (text === undefined ? undefined : { text });
}

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  FILE_NOT_FOUND:
    "Upload the file to this path in the organization's folder, or correct `file_path`; case counts.",
  PERMISSION_DENIED:
    "Put the file itself into the organization's folder, not a link to elsewhere, and let the service's account read it.",
  FILE_TOO_LARGE_INFLATED: 'Unpack the file and register the unpacked one.',
  CONFIG_INVALID:
    "Give a relative path below the organization's folder, with forward slashes and without `..`.",
};
