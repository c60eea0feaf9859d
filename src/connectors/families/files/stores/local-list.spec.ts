import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListOptions } from './file-store.js';
import { localStore } from './local-store.js';

let base = '';
let root = '';

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'list-'));
  root = join(base, 'org');
  await mkdir(join(root, 'logs/2024'), { recursive: true });
  await mkdir(join(root, 'logs/2024-extra'), { recursive: true });
  await mkdir(join(base, 'outside'));
  await writeFile(join(base, 'outside/secret.csv'), 'x');
  for (const path of ['a.csv', 'logs/b.csv', 'logs/2024/c.csv', 'logs/2024-extra/d.csv', 'logs/2025.csv'])
    await writeFile(join(root, path), path);
  await symlink(join(root, 'a.csv'), join(root, 'logs/inside.csv'));
  await symlink(join(base, 'outside/secret.csv'), join(root, 'logs/outside.csv'));
  await symlink(join(base, 'outside'), join(root, 'logs/away'));
  await symlink('..', join(root, 'logs/loop'));
  execFileSync('mkfifo', [join(root, 'fifo')]);
});
afterAll(() => rm(base, { recursive: true }));

async function list(prefix: string, options: Partial<ListOptions> = {}): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of localStore(root).list(prefix, {
    signal: AbortSignal.timeout(10_000),
    ...options,
  }))
    found.push('path' in entry ? entry.path : entry.prefix);
  return found;
}

test('gives all files below the root, sorted, without what leads out of it', async () => {
  expect(await list('')).toEqual([
    'a.csv',
    'logs/2024-extra/d.csv',
    'logs/2024/c.csv',
    'logs/2025.csv',
    'logs/b.csv',
    'logs/inside.csv',
  ]);
});

test('takes a prefix as text, and tells folders by the delimiter', async () => {
  expect(await list('logs/2024')).toEqual(['logs/2024-extra/d.csv', 'logs/2024/c.csv']);
  expect(await list('logs/2024', { delimiter: '/' })).toEqual(['logs/2024-extra/', 'logs/2024/']);
  expect(await list('', { delimiter: '/' })).toEqual(['a.csv', 'logs/']);
  expect(await list('logs/b.csv')).toEqual(['logs/b.csv']);
});

test('ends at its limit', async () => {
  expect(await list('', { limit: 2 })).toEqual(['a.csv', 'logs/2024-extra/d.csv']);
  expect(await list('', { limit: 0 })).toEqual([]);
});

test('gives the facts that opening the file gives', async () => {
  const signal = AbortSignal.timeout(10_000);
  for await (const entry of localStore(root).list('logs/', { signal }))
    if ('path' in entry) {
      const { path, modified_at, ...facts } = entry;
      expect(facts).toEqual(await localStore(root).stat(path, signal));
      expect(modified_at).toMatch(/^20\d\d-.*Z$/);
    }
});

test('finds nothing where nothing is, and refuses what is not below the root', async () => {
  expect(await list('none/')).toEqual([]);
  await expect(list('../outside/')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  await expect(list('logs/away/')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
});

test('does nothing for a caller who left', async () => {
  await expect(list('', { signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
});
