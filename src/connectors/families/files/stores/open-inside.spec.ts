import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AppError } from '../../../../common/app-error.js';
import { localStore } from './local-store.js';
import { openInside, type OpenSteps } from './open-inside.js';

const SECRET = 'belongs to someone else';
const signal = new AbortController().signal;
let base = '';
let root = '';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'files-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(base, 'org-'));
  await mkdir(join(root, 'in/deep'), { recursive: true });
  await writeFile(join(root, 'in/deep/a.csv'), 'a,b\n1,2\n');
  await mkdir(join(base, 'outside/deep'), { recursive: true });
  await writeFile(join(base, 'outside/deep/a.csv'), SECRET);
});

/** What opening rejects with; never a path of this machine in it. */
async function faultOf(path: string, steps?: OpenSteps): Promise<AppError> {
  try {
    const { handle } = await openInside(root, path, steps);
    const text = await handle.readFile('utf8');
    await handle.close();
    throw new Error(`It was opened: ${text}`);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect(inspect(error, { depth: 10, showHidden: true }).replaceAll(/\n +at .*/g, '')).not.toContain(base);
    return error as AppError;
  }
}

async function textOf(path: string, steps?: OpenSteps): Promise<string> {
  const { handle } = await openInside(root, path, steps);
  const text = await handle.readFile('utf8');
  await handle.close();
  return text;
}

describe('opening a file below a root', () => {
  test('gives the file', async () => {
    expect(await textOf('in/deep/a.csv')).toBe('a,b\n1,2\n');
    await writeFile(join(root, 'größe 100% ü.csv'), 'x');
    expect(await textOf('größe 100% ü.csv')).toBe('x');
  });

  test('follows links that stay below the root', async () => {
    await symlink(join(root, 'in/deep/a.csv'), join(root, 'link.csv'));
    await symlink('deep', join(root, 'in/also'));
    expect(await textOf('link.csv')).toBe('a,b\n1,2\n');
    expect(await textOf('in/also/a.csv')).toBe('a,b\n1,2\n');
  });

  test('works where the root itself is behind a link', async () => {
    const link = join(base, `link-${root.slice(-6)}`);
    await symlink(root, link);
    const { handle } = await openInside(link, 'in/deep/a.csv');
    await handle.close();
  });

  test('refuses links that leave it, of a file or of a folder', async () => {
    await symlink(join(base, 'outside/deep/a.csv'), join(root, 'file.csv'));
    await symlink(join(base, 'outside'), join(root, 'folder'));
    await symlink('../../outside', join(root, 'in/relative'));
    await symlink('/dev/zero', join(root, 'zero'));
    for (const path of ['file.csv', 'folder/deep/a.csv', 'in/relative/deep/a.csv', 'zero'])
      expect((await faultOf(path)).code).toBe('PERMISSION_DENIED');
  });

  test('does not take a neighbour with the same beginning for the root', async () => {
    await mkdir(`${root}-other`);
    await writeFile(`${root}-other/a.csv`, SECRET);
    await symlink(`${root}-other/a.csv`, join(root, 'near.csv'));
    expect((await faultOf('near.csv')).code).toBe('PERMISSION_DENIED');
  });

  test('refuses a file that is made a link between the check and the opening', async () => {
    const fault = await faultOf('in/deep/a.csv', {
      beforeOpen: async () => {
        await rm(join(root, 'in/deep/a.csv'));
        await symlink(join(base, 'outside/deep/a.csv'), join(root, 'in/deep/a.csv'));
      },
    });
    expect(fault.code).toBe('PERMISSION_DENIED');
  });

  test('refuses a folder that is made a link between the check and the opening', async () => {
    const swap = async (): Promise<void> => {
      await rename(join(root, 'in'), join(root, 'was'));
      await symlink(join(base, 'outside'), join(root, 'in'));
    };
    const swapBack = async (): Promise<void> => {
      await rm(join(root, 'in'));
      await rename(join(root, 'was'), join(root, 'in'));
    };
    expect((await faultOf('in/deep/a.csv', { beforeOpen: swap, afterOpen: swapBack })).code).toMatch(
      /^(PERMISSION_DENIED|FILE_NOT_FOUND)$/,
    );
  });

  test('refuses both where the system cannot say what was opened', async () => {
    const openedPath = () => Promise.resolve(undefined);
    expect(await textOf('in/deep/a.csv', { openedPath })).toBe('a,b\n1,2\n');
    const beforeOpen = async (): Promise<void> => {
      await rename(join(root, 'in'), join(root, 'was'));
      await symlink(join(base, 'outside'), join(root, 'in'));
    };
    const afterOpen = async (): Promise<void> => {
      await rm(join(root, 'in'));
      await rename(join(root, 'was'), join(root, 'in'));
    };
    expect((await faultOf('in/deep/a.csv', { openedPath, beforeOpen, afterOpen })).code).toBe(
      'FILE_NOT_FOUND',
    );
    expect((await faultOf('in/deep/a.csv', { openedPath, beforeOpen })).code).toBe('PERMISSION_DENIED');
  });

  test('never opens what is outside while a folder is swapped without end', async () => {
    await symlink(join(base, 'outside'), join(root, 'link'));
    const done = new AbortController();
    const swapper = (async () => {
      while (!done.signal.aborted) {
        await rename(join(root, 'in'), join(root, 'was'));
        await rename(join(root, 'link'), join(root, 'in'));
        await rename(join(root, 'in'), join(root, 'link'));
        await rename(join(root, 'was'), join(root, 'in'));
      }
    })();
    const seen = new Set<string>();
    for (let times = 0; times < 500; times++)
      await textOf('in/deep/a.csv').then(
        (text) => seen.add(text),
        (error: unknown) => seen.add((error as AppError).code),
      );
    done.abort();
    await swapper;
    expect([...seen].filter((text) => !/^(a,b\n1,2\n|FILE_NOT_FOUND|PERMISSION_DENIED)$/.test(text))).toEqual(
      [],
    );
  });

  test('refuses what is no file, without waiting for it', async () => {
    execFileSync('mkfifo', [join(root, 'fifo')]);
    const socket = createServer().listen(join(root, 'socket'));
    await new Promise((resolve) => socket.once('listening', resolve));
    for (const path of ['in', 'in/deep', 'fifo', 'socket'])
      expect((await faultOf(path)).code).toBe('FILE_UNREADABLE');
    socket.close();
    const swapped = await faultOf('in/deep/a.csv', {
      beforeOpen: async () => {
        await rm(join(root, 'in/deep/a.csv'));
        execFileSync('mkfifo', [join(root, 'in/deep/a.csv')]);
      },
    });
    expect(swapped.code).toBe('FILE_UNREADABLE');
  });

  test('says that a file is missing, and no more', async () => {
    await symlink('nowhere', join(root, 'dangling'));
    await symlink('loop', join(root, 'loop'));
    expect((await faultOf('in/none.csv')).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf('in/deep/a.csv/b.csv')).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf('dangling')).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf('loop')).code).toBe('PERMISSION_DENIED');
  });
});

describe('the local store', () => {
  test('reads ranges, and fewer bytes only at the end', async () => {
    const file = await localStore(root).open('in/deep/a.csv', signal);
    const read = async (offset: number, length: number) =>
      Buffer.from(await file.read(offset, length, signal)).toString();
    expect(await read(4, 3)).toBe('1,2');
    expect(await read(4, 100)).toBe('1,2\n');
    expect(await read(100, 1)).toBe('');
    await file.close();
    await file.close();
  });

  test('gives another version for another content', async () => {
    const store = localStore(root);
    const versions = new Set([(await store.stat('in/deep/a.csv', signal)).version]);
    expect((await store.stat('in/deep/a.csv', signal)).version).toBe([...versions][0]);
    await writeFile(join(root, 'in/deep/a.csv'), 'a,b\n1,3\n');
    versions.add((await store.stat('in/deep/a.csv', signal)).version);
    await writeFile(join(root, 'new.csv'), 'a,b\n1,3\n');
    await rename(join(root, 'new.csv'), join(root, 'in/deep/a.csv'));
    versions.add((await store.stat('in/deep/a.csv', signal)).version);
    expect(versions.size).toBe(3);
  });

  test('lets the API serve a file by a handle, never by a path', async () => {
    const file = await localStore(root).presign('in/deep/a.csv', 60, signal);
    expect(file).toEqual({ kind: 'local', name: 'a.csv', open: expect.any(Function) });
    const handle = file.kind === 'local' ? await file.open() : undefined;
    expect((await handle?.stat())?.isFile()).toBe(true);
    await handle?.close();
    await expect(localStore(root).presign('none.csv', 60, signal)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });

  test('does nothing for a caller who left', async () => {
    const left = AbortSignal.abort(new AppError('CANCELLED', 'left'));
    await expect(localStore(root).stat('in/deep/a.csv', left)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
