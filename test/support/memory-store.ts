import { AppError } from '../../src/common/app-error.js';
import type { FileStore, StoredFile } from '../../src/connectors/families/files/stores/file-store.js';

/** Files in memory as a store, which counts what is read of it. */
export class MemoryStore implements FileStore {
  bytesRead = 0;
  reads = 0;

  constructor(readonly files: ReadonlyMap<string, Uint8Array>) {}

  async stat(path: string) {
    const { size, version } = await this.open(path);
    return { size, version };
  }

  open(path: string): Promise<StoredFile> {
    const bytes = this.files.get(path);
    if (!bytes) return Promise.reject(new AppError('FILE_NOT_FOUND', 'The file does not exist.'));
    return Promise.resolve({
      size: bytes.length,
      version: String(bytes.length),
      read: (offset, length) => {
        this.reads += 1;
        this.bytesRead += length;
        return Promise.resolve(Uint8Array.from(bytes.subarray(offset, offset + length)));
      },
      close: () => Promise.resolve(),
    });
  }

  async *list(prefix: string) {
    const here = [...this.files].filter(
      ([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'),
    );
    const listed = here.map(([path, { length }]) => ({ path, size: length, version: String(length) }));
    yield* await Promise.resolve(listed.sort((a, b) => (a.path < b.path ? -1 : 1)));
  }

  presign(): Promise<never> {
    return Promise.reject(new AppError('UNSUPPORTED', 'There is no URL into memory.'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
