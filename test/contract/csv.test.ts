import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AppError } from '../../src/common/app-error.js';
import { csv } from '../../src/connectors/drivers/csv.js';
import { discoverFile, type FileSource } from '../../src/connectors/families/files/discover-file.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import type { FileStore } from '../../src/connectors/families/files/stores/file-store.js';
import { localStore } from '../../src/connectors/families/files/stores/local-store.js';
import type { DiscoveryEvent, DiscoveryRequest } from '../../src/connectors/spi/index.js';
import {
  anywhere,
  datasetsOf,
  discoverAll,
  EVERYTHING,
  faultOf,
  openSession,
  type Connection,
} from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const root = await mkdtemp(join(tmpdir(), 'csv-'));
  await writeFile(
    join(root, 'orders.csv'),
    'id;placed_on;total;note\n1;2024-01-31;12,50;"a ""quoted"" note;\nin two lines"\n2;2024-02-29;3,00;\n',
  );
  return {
    connection: { type: 'csv', file_path: 'orders.csv' },
    root,
    scopes: ['files'],
    datasets: ['files.orders.csv'],
    filter: { include: ['files.*'], exclude: ['*.csv'], leaves: [] },
    check(found) {
      const dataset = found.get('files.orders.csv');
      expect(dataset).toMatchObject({
        kind: 'file',
        row_estimate: 2,
        size_bytes: 96,
        properties: { delimiter: ';', quote: '"', encoding: 'utf-8', header: true, newline: 'lf' },
      });
      expect(dataset?.fields.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
        ['id', 'integer', false],
        ['placed_on', 'date', false],
        ['total', 'decimal', false],
        ['note', 'string', true],
      ]);
    },
    tearDown: () => rm(root, { recursive: true }),
  };
}

describeConnector(csv, { local: true, setUp });

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'csv-'));
});
afterAll(async () => {
  await closeParsers();
  await rm(root, { recursive: true });
});

const opened = (file_path: string, more: Connection = {}) =>
  openSession(csv, { type: 'csv', file_path, ...more }, { root });

async function eventsOf(file_path: string, request = EVERYTHING): Promise<DiscoveryEvent[]> {
  const session = await opened(file_path);
  try {
    return await discoverAll(session, request);
  } finally {
    await session.close();
  }
}

describe('a CSV file on the local store', () => {
  test('that cannot be there has its code', async () => {
    await symlink('/etc/passwd', join(root, 'link.csv'));
    await writeFile(join(root, 'binary.csv'), Buffer.of(1, 2, 0, 3));
    for (const [path, code] of [
      ['none.csv', 'FILE_NOT_FOUND'],
      ['link.csv', 'PERMISSION_DENIED'],
      ['binary.csv', 'FILE_UNREADABLE'],
      ['../x.csv', 'CONFIG_INVALID'],
      [`${'x'.repeat(256)}.csv`, 'CONFIG_INVALID'],
    ] as const)
      expect([path, (await faultOf(opened(path))).code]).toEqual([path, code]);
  });

  test('that goes away fails a ping and a discovery, and works again when it is back', async () => {
    const path = join(root, 'away.csv');
    await writeFile(path, 'a\n1\n');
    const session = await opened('away.csv');
    await rm(path);
    expect((await faultOf(session.ping(AbortSignal.timeout(5_000)))).code).toBe('FILE_NOT_FOUND');
    expect((await faultOf(discoverAll(session))).code).toBe('FILE_NOT_FOUND');
    await writeFile(path, 'a\n1\n');
    await session.ping(AbortSignal.timeout(5_000));
    expect(datasetsOf(await discoverAll(session)).size).toBe(1);
  });

  test('is opened for whoever serves it, and checked again at that moment', async () => {
    await writeFile(join(root, 'served.csv'), 'a\n1\n');
    const session = await csv.open(
      { type: 'csv', file_path: 'served.csv' },
      { signal: AbortSignal.timeout(5_000), locate: anywhere, root },
    );
    const file = await session.presign.presign(60, AbortSignal.timeout(5_000));
    if (file.kind !== 'local') throw new Error('It is no local file.');
    expect(file.name).toBe('served.csv');
    const handle = await file.open();
    expect(await handle.readFile('utf8')).toBe('a\n1\n');
    await handle.close();
    await rm(join(root, 'served.csv'));
    await symlink('/etc/passwd', join(root, 'served.csv'));
    expect((await faultOf(file.open())).code).toBe('PERMISSION_DENIED');
    const gone = session.presign.presign(60, AbortSignal.timeout(5_000));
    expect((await faultOf(gone)).code).toBe('PERMISSION_DENIED');
  });

  test('that did not change is not read again', async () => {
    await writeFile(join(root, 'same.csv'), 'a\n1\n');
    const first = await eventsOf('same.csv');
    const token = first.flatMap((event) => (event.event === 'token' ? [event.token] : []))[0] ?? '';
    const fingerprint =
      first.flatMap((event) => (event.event === 'dataset' ? [event.fingerprint] : []))[0] ?? '';
    const since = (known: string): DiscoveryRequest => ({
      ...EVERYTHING,
      since: { token: known, fingerprints: () => Promise.resolve(new Map([['same.csv', fingerprint]])) },
    });
    expect(await eventsOf('same.csv', since(token))).toEqual([
      { event: 'source_unchanged' },
      { event: 'token', token },
    ]);
    expect(await eventsOf('same.csv', since('older'))).toEqual([
      { event: 'scope_started', scope: 'files', datasets: 1 },
      { event: 'unchanged', scope: 'files', names: ['same.csv'] },
      { event: 'scope_ended', scope: 'files', status: 'complete' },
      { event: 'token', token },
    ]);
    await writeFile(join(root, 'same.csv'), 'b\n1\n');
    const changed = await eventsOf('same.csv', since(token));
    expect(datasetsOf(changed).get('files.same.csv')?.fields[0]?.name).toBe('b');
    const session = await opened('same.csv', { has_header: false });
    expect(datasetsOf(await discoverAll(session, since(token))).get('files.same.csv')?.fields[0]?.name).toBe(
      'column_1',
    );
  });

  test('that cannot be parsed ends its scope as failed', async () => {
    await writeFile(join(root, 'broken.csv'), `${'x'.repeat(5_000)}\u0000`);
    await writeFile(join(root, 'bomb.csv.gz'), gzipSync(Buffer.alloc(50 * 2 ** 20, 'a,b\n'), { level: 9 }));
    expect((await eventsOf('broken.csv')).at(-1)).toMatchObject({
      status: 'failed',
      code: 'FILE_UNREADABLE',
    });
    expect((await eventsOf('bomb.csv.gz')).at(-1)).toMatchObject({
      status: 'failed',
      code: 'FILE_TOO_LARGE_INFLATED',
    });
  });
});

/** A store that counts the bytes that are read through it. */
function counting(store: FileStore): FileStore & { read: number } {
  const counter = {
    ...store,
    read: 0,
    async open(path: string, signal: AbortSignal) {
      const file = await store.open(path, signal);
      return {
        ...file,
        async read(offset: number, length: number, readSignal: AbortSignal) {
          const bytes = await file.read(offset, length, readSignal);
          counter.read += bytes.length;
          return bytes;
        },
      };
    },
  };
  return counter;
}

async function readCounted(path: string): Promise<{ events: DiscoveryEvent[]; bytes: number; rss: number }> {
  const store = counting(localStore(root));
  const source: FileSource = { store, path, reader: (sample) => ({ format: 'csv', sample, options: {} }) };
  const events: DiscoveryEvent[] = [];
  const before = process.memoryUsage.rss();
  for await (const event of discoverFile(source, EVERYTHING, AbortSignal.timeout(60_000))) events.push(event);
  return { events, bytes: store.read, rss: process.memoryUsage.rss() - before };
}

const MAX_READ = 16 * 2 ** 20;
const RSS_RISE = 150 * 2 ** 20;

describe('a long CSV file', () => {
  test('of 200 MB shows a change near its end, for few bytes', async () => {
    const file = await open(join(root, 'long.csv'), 'w');
    const rows = 2_400_000;
    const row = (index: number): string =>
      `${index},${index < rows * 0.95 ? index % 1_000 : 'n/k'},"line ${index}${index % 7 === 0 ? '\nand, ""more""' : ''}",2024-01-${String(1 + (index % 28)).padStart(2, '0')},${'x'.repeat(40)}\n`;
    await file.write('id,code,note,day,pad\n');
    for (let from = 0; from < rows; from += 10_000)
      await file.write(Array.from({ length: 10_000 }, (_, index) => row(from + index)).join(''));
    const { size } = await file.stat();
    await file.close();
    expect(size).toBeGreaterThan(190e6);

    const { events, bytes, rss } = await readCounted('long.csv');
    expect(bytes).toBeLessThanOrEqual(MAX_READ);
    expect(rss).toBeLessThan(RSS_RISE);
    const dataset = datasetsOf(events).get('files.long.csv');
    expect(events.find(({ event }) => event === 'scope_ended')).toMatchObject({ status: 'complete' });
    expect(dataset?.fields.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['code', 'string'],
      ['note', 'string'],
      ['day', 'date'],
      ['pad', 'string'],
    ]);
    expect(Math.abs((dataset?.row_estimate ?? 0) / rows - 1)).toBeLessThan(0.02);
    await rm(join(root, 'long.csv'));
  });

  test('that is one line of 1 GB is refused, or told as partial, in little memory', async () => {
    for (const [name, head] of [
      ['zeros.csv', ''],
      ['header.csv', `a,b\n1,2\n${'3,'.repeat(40_000)}`],
    ] as const) {
      const file = await open(join(root, name), 'w');
      await file.write(head);
      await file.truncate(2 ** 30);
      await file.close();
    }
    const header = await readCounted('header.csv');
    expect(header.events.at(-2)).toMatchObject({ event: 'scope_ended', status: 'partial' });
    expect(
      datasetsOf(header.events)
        .get('files.header.csv')
        ?.fields.map(({ name, type }) => [name, type]),
    ).toEqual([
      ['a', 'integer'],
      ['b', 'integer'],
    ]);
    const zeros = await readCounted('zeros.csv');
    expect(zeros.events.at(-1)).toMatchObject({ status: 'failed', code: 'FILE_UNREADABLE' });
    for (const { bytes, rss } of [header, zeros]) {
      expect(bytes).toBeLessThanOrEqual(MAX_READ);
      expect(rss).toBeLessThan(RSS_RISE);
    }
  });

  test('of 100,000 columns is told as partial', async () => {
    const header = Array.from({ length: 100_000 }, (_, index) => `c${index}`).join(',');
    await writeFile(join(root, 'wide.csv'), `${header}\n${`${'1,'.repeat(99_999)}1\n`.repeat(60)}`);
    const { events, bytes } = await readCounted('wide.csv');
    expect(bytes).toBeLessThanOrEqual(MAX_READ);
    expect(events.at(-2)).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('100000 columns'),
    });
    expect(datasetsOf(events).get('files.wide.csv')?.fields).toHaveLength(10_000);
  });

  test('ends when its caller leaves', async () => {
    await writeFile(join(root, 'slow.csv'), 'a,b\n' + '2024-01-01 10:00:00,1\n'.repeat(300_000));
    const session = await opened('slow.csv');
    for (const wait of [0, 1, 50]) {
      const caller = new AbortController();
      const reading = (async () => {
        for await (const event of session.discover.discover(EVERYTHING, caller.signal))
          if (event.event === 'scope_started')
            setTimeout(() => caller.abort(new AppError('CANCELLED', 'left')), wait);
      })();
      expect((await faultOf(reading)).code).toBe('CANCELLED');
    }
    expect(datasetsOf(await discoverAll(session)).size).toBe(1);
  });
});
