import type { Presigner } from '../../../spi/index.js';

/**
 * Where files are: a folder, a bucket, a web server. A store knows nothing of formats. Everything rejects with an
 * AppError: CONFIG_INVALID for a path that is not allowed, FILE_NOT_FOUND, PERMISSION_DENIED, FILE_UNREADABLE for what
 * is not a file, and what the line to the store gives (UNREACHABLE, TIMEOUT, …). No message holds a place on a server.
 */
export interface FileStore {
  /** Facts of one file, without reading it: one call to the store. */
  stat(path: string, signal: AbortSignal): Promise<FileFacts>;
  /** Opens one file for ranged reads. The caller closes it. */
  open(path: string, signal: AbortSignal): Promise<StoredFile>;
  /**
   * The files whose path begins with `prefix`, which is text, not a folder: `logs/` is a folder, `logs/2024` all that
   * begins so. Sorted by path as far as the store sorts; nothing is held but the page at hand. A place where nothing is gives an
   * empty list. Paths are as the store has them, whatever is in them: never use one as a path of this machine.
   */
  list(prefix: string, options: ListOptions): AsyncIterable<ListedFile | ListedPrefix>;
  /** Where a client can read the file for a while. */
  presign(path: string, expiresInS: number, signal: AbortSignal): ReturnType<Presigner['presign']>;
  /** Ends what the store holds open. Never rejects. */
  close(): Promise<void>;
}

export interface FileFacts {
  readonly size: number;
  /** Changes whenever the content may have changed: an ETag, or size, times and inode. Opaque, no path in it. */
  readonly version: string;
}

export interface ListOptions {
  /** With it, what lies deeper than the next delimiter is one `{ prefix }` that ends with it; without it all files come. */
  readonly delimiter?: '/';
  /** Ends the list after so many entries. */
  readonly limit?: number;
  readonly signal: AbortSignal;
}

export interface ListedFile extends FileFacts {
  readonly path: string;
  /** RFC 3339. */
  readonly modified_at?: string;
}

export interface ListedPrefix {
  /** Ends with the delimiter. */
  readonly prefix: string;
}

export interface StoredFile extends FileFacts {
  /**
   * Up to `length` bytes from `offset`, fewer only at the end of the file. The buffer is the caller's alone, so that it
   * may be moved to another thread. A store that can, refuses to read another version than the one that was opened.
   */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Never rejects. */
  close(): Promise<void>;
}
