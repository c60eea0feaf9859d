import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openStore } from '../../src/connectors/families/files/store-spec.js';
import type { FileStore } from '../../src/connectors/families/files/stores/file-store.js';
import { describeOn } from '../support/servers.js';
import { anywhere, faultOf } from './contract-source.js';
import { noise, STORES, type StoreBench } from './store-fixtures.js';

const signal = AbortSignal.timeout(600_000);
const PATH = 'in/a b+c%ü.bin';
const SIZE = 300_000;

/** What each remote store does, on the server that it is meant for. */
function storeContract(setUp: () => Promise<StoreBench>): void {
  let bench: StoreBench;
  let store: FileStore;
  const bytes = noise(SIZE, 'one');

  beforeAll(async () => {
    bench = await setUp();
    store = await openStore(bench.config, { signal, locate: anywhere });
    await bench.put(PATH, bytes);
    await bench.put('empty.csv', '');
  }, 300_000);
  afterAll(async () => {
    await store.close();
    await bench.stop?.();
  });

  test('tells size and version of a file, and another version for another content', async () => {
    await bench.put('changes.csv', 'a\n1\n');
    const first = await store.stat('changes.csv', signal);
    expect(first.size).toBe(4);
    expect(await store.stat('changes.csv', signal)).toEqual(first);
    await bench.put('changes.csv', 'a\n2\n');
    const second = await store.stat('changes.csv', signal);
    expect(second.version).not.toBe(first.version);
    const file = await store.open('changes.csv', signal);
    expect({ size: file.size, version: file.version }).toEqual(second);
    await file.close();
  });

  test('reads ranges, and fewer bytes only at the end', async () => {
    const file = await store.open(PATH, signal);
    for (const [offset, length] of [
      [0, 10],
      [65_530, 20],
      [200_000, 100_000],
      [SIZE - 5, 100],
      [SIZE, 10],
      [SIZE + 5_000, 10],
    ] as const) {
      const read = await file.read(offset, length, signal);
      expect(Buffer.from(read).equals(bytes.subarray(offset, offset + length))).toBe(true);
      // It is moved to another thread, and must be of nobody else.
      expect(read.buffer.byteLength).toBe(read.length);
    }
    await file.close();
  });

  test('reads an empty file', async () => {
    const file = await store.open('empty.csv', signal);
    expect(file.size).toBe(0);
    expect(await file.read(0, 100, signal)).toHaveLength(0);
    await file.close();
  });

  test('has a code for a file that is not there', async () => {
    expect((await faultOf(store.stat('none.csv', signal))).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf(store.open('in/none.csv', signal))).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf(store.presign('none.csv', 60, signal))).code).toBe('FILE_NOT_FOUND');
  });

  test('refuses to read on in a file that was replaced', async () => {
    await bench.put('replaced.bin', noise(SIZE, 'two'));
    const file = await store.open('replaced.bin', signal);
    await bench.put('replaced.bin', noise(SIZE, 'three'));
    expect((await faultOf(file.read(100_000, 100, signal))).code).toBe('BUSY');
    const again = await store.open('replaced.bin', signal);
    await bench.put('replaced.bin', 'short');
    expect((await faultOf(again.read(100_000, 100, signal))).code).toBe('BUSY');
  });

  test('gives a URL that reads the file', async () => {
    const given = await store.presign(PATH, 60, signal);
    if (given.kind !== 'url') throw new Error('It is no URL.');
    const answer = await fetch(given.url);
    expect(answer.status).toBe(200);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('does nothing for a caller who left', async () => {
    const left = AbortSignal.abort(new Error('left'));
    await expect(store.stat(PATH, left)).rejects.toThrow('left');
    await expect(store.presign(PATH, 60, left)).rejects.toThrow('left');
  });
}

/** What those stores do that have buckets. */
function bucketContract(setUp: () => Promise<StoreBench>): void {
  let bench: StoreBench;
  let store: FileStore;

  beforeAll(async () => {
    bench = await setUp();
    store = await openStore(bench.config, { signal, locate: anywhere });
    for (const path of ['top.csv', 'a/1.csv', 'a/2 & <3>.csv', 'a/b/4.csv', 'ab/5.csv', 'ü/+%41.csv'])
      await bench.put(path, path);
  }, 300_000);
  afterAll(async () => {
    await store.close();
  });

  const list = async (prefix: string, options: { delimiter?: '/'; limit?: number } = {}) => {
    const found: string[] = [];
    for await (const entry of store.list(prefix, { signal, ...options }))
      found.push('path' in entry ? entry.path : entry.prefix);
    return found;
  };

  test('lists its files by name, as they are called', async () => {
    expect(await list('')).toEqual([
      'a/1.csv',
      'a/2 & <3>.csv',
      'a/b/4.csv',
      'ab/5.csv',
      'top.csv',
      'ü/+%41.csv',
    ]);
    expect(await list('a')).toHaveLength(4);
    expect(await list('a/b')).toEqual(['a/b/4.csv']);
    expect(await list('none/')).toEqual([]);
  });

  test('tells folders by the delimiter, and ends at a limit', async () => {
    expect(await list('', { delimiter: '/' })).toEqual(['a/', 'ab/', 'top.csv', 'ü/']);
    expect(await list('a/', { delimiter: '/' })).toEqual(['a/1.csv', 'a/2 & <3>.csv', 'a/b/']);
    expect(await list('', { limit: 2 })).toHaveLength(2);
  });

  test('lists the facts that opening gives', async () => {
    for await (const entry of store.list('a/', { signal }))
      if ('path' in entry) {
        const { path, modified_at, ...facts } = entry;
        expect(facts).toEqual(await store.stat(path, signal));
        expect(Date.parse(modified_at ?? '')).toBeGreaterThan(Date.parse('2020-01-01'));
      }
  });

  test('has a code for a bucket that is not there', async () => {
    const none = await openStore(bench.missing ?? {}, { signal, locate: anywhere });
    expect((await faultOf(none.stat('a.csv', signal))).code).toBe('DATABASE_NOT_FOUND');
    const listing = async () => {
      for await (const entry of none.list('', { signal })) return entry;
      return undefined;
    };
    expect((await faultOf(listing())).code).toBe('DATABASE_NOT_FOUND');
    await none.close();
  });

  test('gives URLs that end, and that nobody can change', async () => {
    const urlOf = async (path: string, seconds: number): Promise<string> => {
      const given = await store.presign(path, seconds, signal);
      return given.kind === 'url' ? given.url : '';
    };
    const good = await urlOf('a/1.csv', 60);
    const statusOf = async (url: string) => {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await statusOf(good)).toBe(200);
    expect(await statusOf(good.replace('a/1.csv', 'top.csv'))).toBe(403);
    const signature = /([Ss]ig(?:nature)?=)([^&]{4})/;
    expect(await statusOf(good.replace(signature, '$1AAAA'))).toBe(403);
    // Signed in the past: a URL whose time is over, without the wait.
    const over = await urlOf('a/1.csv', -5);
    expect([400, 403]).toContain(await statusOf(over));
  });
}

for (const name of ['s3', 'gcs', 'azureBlob'] as const)
  describeOn(name, `the store ${name}`, () => {
    storeContract(STORES[name]);
    describe('with its bucket', () => bucketContract(STORES[name]));
  });

describe('the store http', () => storeContract(STORES.http));
