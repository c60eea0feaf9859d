import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AppError } from '../../common/app-error.js';

/** An account of the operating system. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** In this order: its own account, the one of Node images, the one that every system has. */
const PREFERRED = ['postgres', 'node', 'nobody'];

/**
 * The account that PostgreSQL must be dropped to: it refuses to run as root. Undefined for an ordinary user, who runs
 * it under the own account. The owner of an existing data folder wins, so that the choice is the same on every start.
 */
export function accountForPostgres(existing: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readAccounts();
  const owner = ownerOf(existing);
  if (owner !== undefined && owner.uid !== 0) {
    return { name: accounts.find(({ uid }) => uid === owner.uid)?.name ?? String(owner.uid), ...owner };
  }
  for (const name of PREFERRED) {
    const account = accounts.find((one) => one.name === name);
    if (account && account.uid !== 0) return account;
  }
  throw new AppError(
    'DATABASE_UNAVAILABLE',
    `PostgreSQL does not run as root, and there is no account ${PREFERRED.join(', ')}.`,
    { hint: 'Start as an ordinary user, or set DATABASE_URL.' },
  );
}

function readAccounts(): Account[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((parts) => parts.length >= 4 && !parts[0]?.startsWith('#'))
    .map(([name = '', , uid, gid]) => ({ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }));
}

/** Who owns a file or folder; undefined where it does not exist. */
export function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && { uid: stat.uid, gid: stat.gid };
}

/** Whether the account may read (and, for folders, enter) a path and enter every folder above it, by the mode bits. */
export function canRead(account: Account, path: string): boolean {
  const at = resolve(path);
  return allowed(account, at, statSync(at).isDirectory() ? 5 : 4) && canEnter(account, dirname(at));
}

/** Whether the account may enter a folder and every folder above it. */
export function canEnter(account: Account, folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (!allowed(account, at, 1)) return false;
    if (at === dirname(at)) return true;
  }
}

function allowed(account: Account, path: string, bits: number): boolean {
  const { mode, uid, gid } = statSync(path);
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
  return ((mode >> shift) & bits) === bits;
}
