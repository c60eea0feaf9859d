import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, readlink, realpath, type FileHandle } from 'node:fs/promises';
import { sep } from 'node:path';
import { AppError } from '../../../../common/app-error.js';
import { toConnectorError } from '../../../spi/connector-error.js';
import { assertSafePath } from '../file-path.js';

const CODES = {
  ENOTDIR: 'FILE_NOT_FOUND',
  ELOOP: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  ENAMETOOLONG: 'CONFIG_INVALID',
  EIO: 'FILE_UNREADABLE',
  ENXIO: 'FILE_UNREADABLE',
  ENFILE: 'BUSY',
} as const;

/** What went wrong with a file, without the path that Node writes into its messages. */
export function toFileError(error: unknown): AppError {
  return toConnectorError(error, CODES, 'FILE_UNREADABLE');
}

export interface OpenedFile {
  readonly handle: FileHandle;
  readonly stats: BigIntStats;
  /** Absolute path without links, for a program that opens files by name: it must check that it got this very file. */
  readonly realPath: string;
}

/** Seams for tests that swap files between two steps, or have another system. */
export interface OpenSteps {
  beforeOpen?(): Promise<void>;
  afterOpen?(): Promise<void>;
  /** The path of what a descriptor has open; undefined where the system cannot say. */
  openedPath?(fd: number): Promise<string | undefined>;
}

const openedPathOnLinux = (fd: number): Promise<string | undefined> =>
  readlink(`/proc/self/fd/${fd}`).catch(() => undefined);

/**
 * Opens a regular file below `root` for reading, and nothing else: links may lead from one place below the root to
 * another, never out of it. The judgement falls on what was opened, so a link that is swapped in while we look is
 * refused too. Rejects with CONFIG_INVALID, FILE_NOT_FOUND, PERMISSION_DENIED or FILE_UNREADABLE; the caller closes
 * the handle.
 *
 * @param root absolute path of a folder that exists.
 */
export async function openInside(root: string, path: string, steps: OpenSteps = {}): Promise<OpenedFile> {
  assertSafePath(path);
  let handle: FileHandle | undefined;
  try {
    const base = await realpath(root);
    const wanted = await realpath(`${base}${sep}${path}`);
    assertInside(base, wanted);
    // Before it is opened, as opening a device may already do something.
    assertRegular(await lstat(wanted, { bigint: true }));
    await steps.beforeOpen?.();
    // O_NONBLOCK: a FIFO that was swapped in would hold open() until someone writes.
    handle = await open(wanted, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    await steps.afterOpen?.();
    const stats = await handle.stat({ bigint: true });
    assertRegular(stats);
    const opened = await (steps.openedPath ?? openedPathOnLinux)(handle.fd);
    if (opened === undefined) await assertSameInside(base, wanted, stats);
    else assertInside(base, opened);
    return { handle, stats, realPath: wanted };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw toFileError(error);
  }
}

/** A folder below the root that is open, so that what is in it is looked at in this very folder. */
export interface OpenedFolder {
  /** Path of the folder for calls to the file system: by its descriptor where the system can. */
  readonly place: string;
  /** Rejects where the folder was swapped for another one since; only a system without such paths has to ask. */
  assertSame(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a folder below `root`, by the rules of `openInside`.
 *
 * @param path `''` for the root itself.
 */
export async function openFolderInside(root: string, path: string): Promise<OpenedFolder> {
  if (path !== '') assertSafePath(path);
  let handle: FileHandle | undefined;
  try {
    const base = await realpath(root);
    const wanted = path === '' ? base : await realpath(`${base}${sep}${path}`);
    if (wanted !== base) assertInside(base, wanted);
    handle = await open(wanted, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const stats = await handle.stat({ bigint: true });
    const opened = await openedPathOnLinux(handle.fd);
    if (opened !== undefined && opened !== base) assertInside(base, opened);
    const { fd } = handle;
    const same = async (): Promise<void> => {
      if (wanted !== base) await assertSameInside(base, wanted, stats);
    };
    if (opened === undefined) await same();
    return {
      place: opened === undefined ? wanted : `/proc/self/fd/${String(fd)}`,
      assertSame: opened === undefined ? same : () => Promise.resolve(),
      close: handle.close.bind(handle),
    };
  } catch (error) {
    await handle?.close().catch(() => undefined);
    throw toFileError(error);
  }
}

/**
 * A folder on the way may have become a link since realpath() looked. Linux can say what a descriptor has open, and
 * that decides. Elsewhere the path is resolved again and must lead to the very file that is open.
 */
async function assertSameInside(base: string, wanted: string, stats: BigIntStats): Promise<void> {
  const again = await realpath(wanted);
  assertInside(base, again);
  const now = await lstat(again, { bigint: true });
  if (now.dev !== stats.dev || now.ino !== stats.ino) throw missing();
}

function assertInside(base: string, path: string): void {
  if (path.startsWith(base.endsWith(sep) ? base : base + sep)) return;
  throw new AppError('PERMISSION_DENIED', "The file lies outside of the organization's folder.", {
    hint: "Put the file itself into the organization's folder instead of a link to it.",
  });
}

function assertRegular(stats: BigIntStats): void {
  if (stats.isSymbolicLink()) throw missing();
  if (stats.isFile()) return;
  throw new AppError(
    'FILE_UNREADABLE',
    stats.isDirectory() ? 'The path leads to a folder, not to a file.' : 'The path does not lead to a file.',
  );
}

function missing(): AppError {
  return new AppError('FILE_NOT_FOUND', 'The file does not exist.');
}
