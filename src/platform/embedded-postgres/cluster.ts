import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../common/app-error.js';
import type { Binaries } from './binaries.js';
import { give, type ServerFolder } from './folder.js';
import { exitOf, failed, launch, logLength } from './server-process.js';

/** The superuser of a data folder that is made here. */
export const SUPERUSER = 'postgres';

/** Makes the data folder under another name first: one that was interrupted is never taken for a whole one. */
export async function initialize(folder: ServerFolder, bin: string): Promise<void> {
  const draftPrefix = 'cluster.part';
  for (const name of readdirSync(folder.path))
    if (name.startsWith(draftPrefix)) rmSync(join(folder.path, name), { recursive: true, force: true });
  mkdirSync(join(folder.path, draftPrefix), { mode: 0o700 });
  give(join(folder.path, draftPrefix), folder.account);
  const from = logLength(folder);
  // The builtin locale: the same order on every platform, and no index to rebuild when the C library changes.
  const child = launch(folder, join(bin, 'initdb'), [
    `--pgdata=${folder.inside(draftPrefix)}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${folder.inside('superuser.password')}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
  ]);
  if ((await exitOf(child)) !== 0) throw failed('The PostgreSQL data folder cannot be created', folder, from);
  renameSync(join(folder.path, draftPrefix), join(folder.path, 'cluster'));
}

/** Refuses a data folder of another major version: its files have another form. */
export function checkMajor(cluster: string, { major }: Binaries): void {
  const found = readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim();
  if (found === major) return;
  throw new AppError(
    'DATABASE_UNAVAILABLE',
    `The data folder is of PostgreSQL ${found}, the installed one is ${major}.`,
    {
      hint: 'Use another DATA_DIR, or install the package version that made this one and move the data by pg_dump.',
    },
  );
}
