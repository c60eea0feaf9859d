import { describe, expect, test } from '@jest/globals';
import type { Dataset, DiscoveryEvent, DiscoveryRequest } from '../../spi/index.js';
import { sqlDiscoverer } from './discovery.js';
import type { CatalogPage, RelationHead, ScopeHead, SqlCatalog } from './sql-driver.js';

const EVERYTHING: DiscoveryRequest = { include: [], exclude: [], strategy: 'balanced' };
const signal = new AbortController().signal;

const dataset = (schema: string, name: string): Dataset => ({ schema, name, kind: 'table', fields: [] });
const found = (schema: string, name: string) => ({
  dataset: dataset(schema, name),
  fingerprint: `${name}-1`,
});

interface Script {
  readonly state?: string;
  readonly version?: string;
  readonly scopes: readonly ScopeHead[];
  readonly pages?: readonly CatalogPage[];
  readonly heads?: readonly (readonly RelationHead[])[];
  readonly only?: (heads: readonly RelationHead[]) => CatalogPage;
}

/** A catalog that answers by the script, and what was asked of it. */
function scripted(script: Script): { catalog: SqlCatalog; asked: string[] } {
  const asked: string[] = [];
  async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
    for (const value of values) {
      await Promise.resolve();
      yield value;
    }
  }
  const { heads, only } = script;
  const changes = heads && {
    heads: () => each(heads),
    only: (wanted: readonly RelationHead[]) => {
      asked.push(`only ${wanted.map(({ name }) => name).join(' ')}`);
      return each(only ? [only(wanted)] : []);
    },
  };
  const catalog: SqlCatalog = {
    version: script.version ?? '1',
    token: () => {
      asked.push('token');
      return Promise.resolve(script.state);
    },
    read: () => {
      asked.push('read');
      return Promise.resolve({
        scopes: () => Promise.resolve(script.scopes),
        all: (names) => {
          asked.push(`all ${names.join(' ')}`);
          return each(script.pages ?? []);
        },
        ...(changes ? { changes } : {}),
        close: () => {
          asked.push('close');
          return Promise.resolve();
        },
      });
    },
  };
  return { catalog, asked };
}

async function events(catalog: SqlCatalog, request = EVERYTHING): Promise<DiscoveryEvent[]> {
  const all: DiscoveryEvent[] = [];
  for await (const event of sqlDiscoverer(catalog, { X1: 'BUSY' }).discover(request, signal)) all.push(event);
  return all;
}

/** The events as short texts. */
const told = (list: readonly DiscoveryEvent[]): string[] =>
  list.map((event) => {
    if (event.event === 'dataset') return `${event.dataset.schema}.${event.dataset.name}`;
    if (event.event === 'scope_started') return `+${event.scope}`;
    if (event.event === 'scope_ended') return `-${event.scope} ${event.status}`;
    if (event.event === 'unchanged') return `=${event.scope} ${event.names.join(' ')}`;
    return event.event;
  });

const since = (token: string | undefined, fingerprints: Record<string, Record<string, string>> = {}) => ({
  ...(token === undefined ? {} : { token }),
  fingerprints: (schema: string) => Promise.resolve(new Map(Object.entries(fingerprints[schema] ?? {}))),
});

const tokenOf = (list: readonly DiscoveryEvent[]): string | undefined =>
  list.find((event) => event.event === 'token')?.token;

describe('a full run', () => {
  test('tells scope after scope, though pages hold several, and empty ones too', async () => {
    const { catalog, asked } = scripted({
      state: 's',
      scopes: [{ name: 'a' }, { name: 'b', datasets: 0 }, { name: 'c', datasets: 2 }, { name: 'd' }],
      pages: [{ datasets: [found('a', 'x'), found('c', 'y')] }, { datasets: [found('c', 'z')] }],
    });
    expect(told(await events(catalog))).toEqual([
      ...['+a', 'a.x', '-a complete', '+b', '-b complete', '+c', 'c.y', 'c.z', '-c complete'],
      ...['+d', '-d complete', 'token'],
    ]);
    expect(asked).toEqual(['token', 'read', 'all a b c d', 'close']);
  });

  test('a scope that cannot be read fails with its reason and is never empty; there is no token then', async () => {
    const { catalog, asked } = scripted({
      state: 's',
      scopes: [{ name: 'a' }, { name: 'b', fault: { code: 'X1', message: 'secret' } }],
      pages: [
        { datasets: [found('a', 'x')], faults: [{ scope: 'a', status: 'partial', error: { code: 'X1' } }] },
      ],
    });
    const list = await events(catalog);
    expect(told(list)).toEqual(['+a', 'a.x', '-a partial', '+b', '-b failed']);
    expect(list.at(-1)).toMatchObject({ code: 'BUSY', reason: expect.not.stringContaining('secret') });
    expect(asked).toContain('all a');
  });

  test('nothing is read where no scope is chosen', async () => {
    const { catalog, asked } = scripted({ state: 's', scopes: [] });
    expect(told(await events(catalog))).toEqual(['token']);
    expect(asked).toEqual(['token', 'read', 'close']);
  });

  test('a source without a state gives no token', async () => {
    const { catalog } = scripted({ scopes: [{ name: 'a' }] });
    expect(told(await events(catalog))).toEqual(['+a', '-a complete']);
  });

  test('a reader that gives what is not listed is a fault of ours, and is closed', async () => {
    const { catalog, asked } = scripted({
      scopes: [{ name: 'a' }],
      pages: [{ datasets: [found('z', 'x')] }],
    });
    await expect(events(catalog)).rejects.toThrow('not listed');
    expect(asked.at(-1)).toBe('close');
  });

  test('is closed when its caller leaves early', async () => {
    const { catalog, asked } = scripted({
      scopes: [{ name: 'a' }],
      pages: [{ datasets: [found('a', 'x')] }],
    });
    for await (const event of sqlDiscoverer(catalog, {}).discover(EVERYTHING, signal))
      if (event.event === 'dataset') break;
    expect(asked.at(-1)).toBe('close');
  });

  test('lets other work run between pages', async () => {
    const pages = Array.from({ length: 20 }, (_, at) => ({ datasets: [found('a', String(at))] }));
    const { catalog } = scripted({ scopes: [{ name: 'a' }], pages });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 0);
    const count = (): void => {
      turns += 1;
      if (turns < 1_000) setImmediate(count);
    };
    setImmediate(count);
    await events(catalog);
    clearInterval(timer);
    expect(turns).toBeGreaterThanOrEqual(20);
    turns = 1_000;
  });
});

describe('a run that knows the last one', () => {
  const scopes = [{ name: 'a' }, { name: 'b' }];

  test('reads nothing where the state is the same', async () => {
    const { catalog, asked } = scripted({ state: 's', scopes });
    const token = tokenOf(await events(catalog));
    asked.length = 0;
    const again = await events(catalog, { ...EVERYTHING, since: since(token) });
    expect(again).toEqual([{ event: 'source_unchanged' }, { event: 'token', token }]);
    expect(asked).toEqual(['token']);
  });

  test.each([
    ['another state', { state: 't', scopes }, EVERYTHING],
    ['a newer reader', { state: 's', version: '2', scopes }, EVERYTHING],
    ['another filter', { state: 's', scopes }, { ...EVERYTHING, exclude: ['a.*'] }],
    ['no state', { scopes }, EVERYTHING],
  ] satisfies [string, Script, DiscoveryRequest][])('reads for %s', async (_, script, request) => {
    const token = tokenOf(await events(scripted({ state: 's', scopes }).catalog));
    const list = await events(scripted(script).catalog, { ...request, since: since(token) });
    expect(told(list)).toContain('-b complete');
  });

  test('reads only what has another fingerprint, and names the rest', async () => {
    const head = (scope: string, name: string, fingerprint = `${name}-1`): RelationHead => ({
      scope,
      name,
      key: name,
      fingerprint,
    });
    const { catalog, asked } = scripted({
      state: 't',
      scopes,
      heads: [
        [head('a', 'x'), head('a', 'y', 'y-2')],
        [head('a', 'z'), head('b', 'new')],
      ],
      only: (heads) => ({ datasets: heads.map(({ scope, name }) => found(scope, name)) }),
    });
    const known = since('old', { a: { x: 'x-1', y: 'y-1', z: 'z-1', gone: 'g-1' } });
    expect(told(await events(catalog, { ...EVERYTHING, since: known }))).toEqual([
      ...['+a', '=a x', 'a.y', '=a z', '-a complete', '+b', 'b.new', '-b complete', 'token'],
    ]);
    expect(asked).toEqual(['token', 'read', 'only y', 'only new', 'close']);
  });

  test('is a full one where the source knows no fingerprints', async () => {
    const { catalog } = scripted({ scopes, pages: [{ datasets: [found('a', 'x')] }] });
    expect(told(await events(catalog, { ...EVERYTHING, since: since(undefined) }))).toEqual([
      ...['+a', 'a.x', '-a complete', '+b', '-b complete'],
    ]);
  });
});
