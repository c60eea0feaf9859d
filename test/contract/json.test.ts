import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from '../../src/connectors/drivers/json.js';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import type { DiscoveryEvent } from '../../src/connectors/spi/index.js';
import { datasetsOf, discoverAll, faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const root = await mkdtemp(join(tmpdir(), 'json-'));
  const events = [
    { id: 1, at: '2024-01-31T10:00:00Z', who: { name: 'a' }, tags: ['x'] },
    { id: 2, at: '2024-01-31T10:00:00Z', who: { name: 'b', age: 3 }, items: [{ sku: 'q', price: 1.5 }] },
  ];
  await writeFile(join(root, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return {
    connection: { type: 'json', file_path: 'events.ndjson' },
    root,
    scopes: ['files'],
    datasets: ['files.events.ndjson'],
    filter: { include: ['files.events*'], exclude: [], leaves: ['files.events.ndjson'] },
    check(found) {
      const dataset = found.get('files.events.ndjson');
      expect(dataset).toMatchObject({
        kind: 'file',
        row_estimate: 2,
        properties: { layout: 'lines', encoding: 'utf-8', sampled: false },
      });
      expect(dataset?.fields.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
        ['id', 'integer', false],
        ['at', 'timestamp_tz', false],
        ['who', 'object', false],
        ['tags', 'array', true],
        ['items', 'array', true],
      ]);
      expect(dataset?.fields[2]?.fields).toMatchObject([
        { name: 'name', type: 'string', prevalence: 1 },
        { name: 'age', type: 'integer', prevalence: 0.5 },
      ]);
      expect(dataset?.fields[4]?.fields).toMatchObject([
        { name: 'sku', type: 'string' },
        { name: 'price', type: 'float' },
      ]);
    },
    tearDown: () => rm(root, { recursive: true }),
  };
}

describeConnector(json, { local: true, setUp });

describe('a JSON file on the local store', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'json-'));
  });
  afterAll(async () => {
    await closeParsers();
    await rm(root, { recursive: true });
  });

  async function eventsOf(file_path: string): Promise<DiscoveryEvent[]> {
    const session = await openSession(json, { type: 'json', file_path }, { root });
    return discoverAll(session);
  }

  test('that is none has its code', async () => {
    await writeFile(join(root, 'not.json'), 'hello');
    await writeFile(join(root, 'later.json'), '{"a": hello}');
    const opening = openSession(json, { type: 'json', file_path: 'not.json' }, { root });
    expect((await faultOf(opening)).code).toBe('FILE_UNREADABLE');
    expect((await eventsOf('later.json')).at(-1)).toMatchObject({
      status: 'failed',
      code: 'FILE_UNREADABLE',
    });
  });

  test('of 100,000 levels is refused and nothing crashes', async () => {
    for (const [open_, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      await writeFile(join(root, 'deep.json'), `${open_.repeat(100_000)}1${close.repeat(100_000)}`);
      expect((await eventsOf('deep.json')).at(-1)).toMatchObject({
        status: 'failed',
        code: 'FILE_UNREADABLE',
        reason: expect.stringContaining('deeper'),
      });
    }
  });

  test('that is one line of 1 GB is told as partial', async () => {
    const file = await open(join(root, 'line.json'), 'w');
    await file.write('{"a":1,"b":"');
    await file.truncate(2 ** 30);
    await file.close();
    expect((await eventsOf('line.json')).at(-1)).toMatchObject({ status: 'failed', code: 'FILE_UNREADABLE' });
    await writeFile(join(root, 'value.json'), `{"a":1,"b":"${'x'.repeat(9 * 2 ** 20)}","c":1}`);
    const events = await eventsOf('value.json');
    expect(events.at(-2)).toMatchObject({ status: 'partial' });
    expect(
      datasetsOf(events)
        .get('files.value.json')
        ?.fields.map(({ name }) => name),
    ).toEqual(['a', 'b']);
  });
});
