import type { Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { AppError } from '../../../../common/app-error.js';
import { isSafePath } from '../file-path.js';
import { abortable } from '../../../../common/abortable.js';
import type { ListedFile, ListedPrefix, ListOptions } from './file-store.js';
import { factsOf } from './local-facts.js';
import { openFolderInside, openInside, toFileError, type OpenedFolder } from './open-inside.js';

/** A folder with more entries is refused: its names have to be in memory to be sorted. */
const MAX_ENTRIES = 200_000;
/** Deeper folders are not gone into. */
const MAX_DEPTH = 64;

interface Walk {
  readonly root: string;
  readonly deep: boolean;
  readonly signal: AbortSignal;
}

/** A folder on the way: its path is `''` or ends with a slash, and of its entries those that begin so are wanted. */
interface Stop {
  readonly parent: string;
  readonly begin: string;
  readonly depth: number;
}

/**
 * Files below a folder of this machine, by the rules of `openInside`: a link to a file below the root is that file; a
 * link to a folder is left out, and so is what is no file or could not be opened by its name.
 */
export async function* listFolder(
  root: string,
  prefix: string,
  { delimiter, limit = Infinity, signal }: ListOptions,
): AsyncGenerator<ListedFile | ListedPrefix> {
  const slash = prefix.lastIndexOf('/') + 1;
  const start = { parent: prefix.slice(0, slash), begin: prefix.slice(slash), depth: 0 };
  let left = limit;
  if (left < 1) return;
  for await (const entry of walk({ root, deep: delimiter === undefined, signal }, start)) {
    yield entry;
    left -= 1;
    if (left < 1) return;
  }
}

async function* walk(
  options: Walk,
  { parent, begin, depth }: Stop,
): AsyncGenerator<ListedFile | ListedPrefix> {
  const { root, deep, signal } = options;
  const folder = await openFolder(options, parent);
  if (!folder) return;
  try {
    for (const entry of await abortable(entriesOf(folder, begin), signal)) {
      const path = parent + entry.name;
      if (!isSafePath(path)) continue;
      if (entry.isDirectory()) {
        if (!deep) yield { prefix: `${path}/` };
        else if (depth < MAX_DEPTH) yield* walk(options, { parent: `${path}/`, begin: '', depth: depth + 1 });
        continue;
      }
      const file = await abortable(fileOf(root, folder, { path, entry }), signal);
      if (file) yield file;
    }
  } finally {
    await folder.close().catch(() => undefined);
  }
}

async function openFolder({ root, signal }: Walk, parent: string): Promise<OpenedFolder | undefined> {
  const opening = openFolderInside(root, parent.replace(/\/$/, ''));
  try {
    return await abortable(opening, signal);
  } catch (error) {
    // One that is opened after the deadline must not be lost.
    opening.then(
      (late) => late.close().catch(() => undefined),
      () => undefined,
    );
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The entries in the order of an object store, where a folder sorts with the slash at its end. */
async function entriesOf(folder: OpenedFolder, begin: string): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder.place)) {
      if (!entry.name.startsWith(begin)) continue;
      entries.push(entry);
      if (entries.length > MAX_ENTRIES)
        throw new AppError('FILE_UNREADABLE', `A folder holds more than ${String(MAX_ENTRIES)} entries.`);
    }
  } catch (error) {
    throw toFileError(error);
  }
  await folder.assertSame();
  const key = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Nothing where it is no file, or one that went away or leads out of the root. */
async function fileOf(
  root: string,
  folder: OpenedFolder,
  { path, entry }: { readonly path: string; readonly entry: Dirent },
): Promise<ListedFile | undefined> {
  if (!entry.isFile() && !entry.isSymbolicLink()) return undefined;
  try {
    const stats = entry.isFile()
      ? await lstat(`${folder.place}/${entry.name}`, { bigint: true })
      : await linkedFile(root, path);
    await folder.assertSame();
    return stats.isFile() ? { path, ...factsOf(stats), modified_at: stats.mtime.toISOString() } : undefined;
  } catch {
    return undefined;
  }
}

async function linkedFile(root: string, path: string) {
  const { handle, stats } = await openInside(root, path);
  await handle.close();
  return stats;
}
