import { chownSync } from 'node:fs';
import { accountForPostgres } from '../../src/platform/embedded-postgres/account.js';
import { programOf } from './server-process.js';

/** How a server that refuses to run as root is run: as the account of PostgreSQL where we are root, else as we are. */
export interface Unprivileged {
  /** What its command line starts with. */
  readonly prefix: readonly string[];
  /** Hands a file or folder over to its account; gives the path back. */
  readonly own: (path: string) => string;
}

/** @param folder where its data will be. */
export function unprivileged(folder: string): Unprivileged {
  const account = accountForPostgres(folder);
  if (!account) return { prefix: [], own: (path) => path };
  const ids = [`--reuid=${String(account.uid)}`, `--regid=${String(account.gid)}`, '--clear-groups'];
  return {
    prefix: [programOf('setpriv'), ...ids],
    own: (path) => {
      chownSync(path, account.uid, account.gid);
      return path;
    },
  };
}
