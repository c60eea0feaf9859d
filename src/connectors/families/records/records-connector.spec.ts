import { describe, expect, test } from '@jest/globals';
import { Type } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import type { DiscoveryEvent } from '../../spi/index.js';
import { recordsConnector } from './records-connector.js';
import type { RecordsDriver, RecordsLine } from './records-driver.js';

const spec = Type.Object({ type: Type.Literal('notes') });

/** A source of two scopes with four datasets each; `looked` tells which of them its driver looked into. */
async function open(scopes: RecordsDriver<typeof spec, RecordsLine>['scopes']) {
  const looked: string[] = [];
  const line: RecordsLine = {
    server: { product: 'Notes', version: '1' },
    usable: true,
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
    destroy: () => undefined,
  };
  const connector = recordsConnector(
    { type: 'notes', title: 'Notes', category: 'nosql', concurrency: 'shared', spec },
    {
      codes: {},
      connect: () => Promise.resolve(line),
      scopes,
      async *datasets(_line, schema, { wants }) {
        for (const name of ['a1', 'a2', 'b1', 'b2']) {
          await Promise.resolve();
          if (schema === 'asks' && !wants(name)) continue;
          looked.push(`${schema}.${name}`);
          yield { schema, name, kind: 'collection', fields: [] };
        }
        return undefined;
      },
    },
  );
  const { signal } = new AbortController();
  const session = await connector.open(
    { type: 'notes' },
    { signal, locate: (where) => Promise.resolve(where) },
  );
  const discover = async (include: readonly string[], exclude: readonly string[], left = signal) => {
    const events: DiscoveryEvent[] = [];
    const request = { strategy: 'balanced', include, exclude } as const;
    for await (const event of session.discover.discover(request, left)) events.push(event);
    return events.flatMap((event) =>
      event.event === 'dataset' ? [`${event.dataset.schema}.${event.dataset.name}`] : [],
    );
  };
  return { looked, discover };
}

describe('discovery of a source of records', () => {
  test('tells the driver which datasets are wanted, and leaves out what it gives all the same', async () => {
    const { looked, discover } = await open(() => Promise.resolve(['asks', 'gives']));
    expect(await discover(['asks.a*', 'gives.a*'], ['*2'])).toEqual(['asks.a1', 'gives.a1']);
    expect(looked).toEqual(['asks.a1', 'gives.a1', 'gives.a2', 'gives.b1', 'gives.b2']);
  });

  test('wants everything where no globs are given', async () => {
    const { looked, discover } = await open(() => Promise.resolve(['asks']));
    expect(await discover([], [])).toEqual(looked);
    expect(looked).toHaveLength(4);
  });

  test('ends the list of scopes when the caller leaves', async () => {
    const caller = new AbortController();
    const { discover } = await open(
      (_line, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('ended')));
          caller.abort(new AppError('CANCELLED', 'enough'));
        }),
    );
    await expect(discover([], [], caller.signal)).rejects.toThrow('enough');
  });
});
