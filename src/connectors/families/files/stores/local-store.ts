import { posix } from 'node:path';
import type { FileStore, StoredFile } from './file-store.js';
import { openInside, toFileError, type OpenedFile } from './open-inside.js';
import { abortable } from '../../../../common/abortable.js';
import { factsOf } from './local-facts.js';
import { listFolder } from './local-list.js';

/**
 * Files below one folder of this machine. Nothing stays open between two calls, so a file that is replaced is seen and
 * an idle source costs no descriptor.
 *
 * @param root absolute path of the organization's folder, which exists.
 */
export function localStore(root: string): FileStore {
  const open = async (path: string, signal: AbortSignal): Promise<OpenedFile> => {
    const opening = openInside(root, path);
    // The descriptor of a file system that answers after the deadline must not be lost.
    opening.then(
      ({ handle }) => {
        if (signal.aborted) void handle.close().catch(() => undefined);
      },
      () => undefined,
    );
    return abortable(opening, signal);
  };

  return {
    async stat(path, signal) {
      const { handle, stats } = await open(path, signal);
      await handle.close().catch(() => undefined);
      return factsOf(stats);
    },

    async open(path, signal) {
      const { handle, stats } = await open(path, signal);
      return {
        ...factsOf(stats),
        read: (offset, length, readSignal) => abortable(readRange(handle, offset, length), readSignal),
        close: () => handle.close().catch(() => undefined),
      } satisfies StoredFile;
    },

    list: (prefix, options) => listFolder(root, prefix, options),

    async presign(path, _expiresInS, signal) {
      await this.stat(path, signal);
      return {
        kind: 'local',
        name: posix.basename(path),
        open: async () => (await openInside(root, path)).handle,
      };
    },

    close: () => Promise.resolve(),
  };
}

async function readRange(
  handle: OpenedFile['handle'],
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  // Its own memory, not a slice of Node's pool: it is moved to another thread.
  const bytes = new Uint8Array(new ArrayBuffer(length));
  let filled = 0;
  try {
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
  } catch (error) {
    throw toFileError(error);
  }
  return bytes.subarray(0, filled);
}
