import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { canEnter, type Account } from './account.js';

/**
 * The folder of the embedded server, `<data folder>/postgres`, and the name under which the server knows it.
 *
 * Trap: under a parent that the account may not enter (a checkout in a home of root) no path leads the server to its
 * data. On Linux it then gets the folder as an open file descriptor, and `/proc/self/fd/3` for its name.
 */
export interface ServerFolder {
  readonly path: string;
  readonly account: Account | undefined;
  /** The name of a file of the folder as the server process knows it. */
  inside(name: string): string;
  /** What a child process gets as file descriptor 3, if anything. */
  readonly descriptor: number | undefined;
  /** Closes the descriptor; running children keep theirs. */
  close(): void;
}

export function openServerFolder(path: string, account: Account | undefined): ServerFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  give(path, account);
  const hidden = account !== undefined && process.platform === 'linux' && !canEnter(account, path);
  const descriptor = hidden ? openSync(path, 'r') : undefined;
  return {
    path,
    account,
    descriptor,
    inside: (name) => (hidden ? `/proc/self/fd/3/${name}` : join(path, name)),
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
    },
  };
}

/** Hands a file or folder over to the account of the server. */
export function give(path: string, account: Account | undefined): void {
  if (account) chownSync(path, account.uid, account.gid);
}

/** The random secret in a file of mode 0600, made on first use. */
export function secretIn(folder: ServerFolder, name: string): string {
  const path = join(folder.path, name);
  if (!existsSync(path)) {
    const draft = `${path}.part`;
    writeFileSync(draft, randomBytes(24).toString('base64url'), { mode: 0o600 });
    give(draft, folder.account);
    renameSync(draft, path);
  }
  return readFileSync(path, 'utf8').trim();
}
