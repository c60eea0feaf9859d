import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../src/common/app-error.js';
import type { Dataset, DiscoveryEvent, Field } from '../../src/connectors/spi/index.js';
import {
  datasetsOf,
  discoverAll,
  EVERYTHING,
  faultOf,
  leaksIn,
  openSession,
  reaching,
  type Bench,
} from './contract-source.js';

/** Discovery: finds what is there, says how complete it is, and stops when its caller does. */
export function discoveryContract(bench: () => Bench): void {
  const open = () => {
    const { definition, source, proxy } = bench();
    const way = source.network && proxy ? reaching(source.network, proxy.address) : {};
    return openSession(definition, source.connection, { ...way, root: source.root });
  };

  describe('discovery', () => {
    test('finds the known facts, each scope complete', async () => {
      const { source } = bench();
      const session = await open();
      const events = await discoverAll(session);
      await session.close();
      const found = datasetsOf(events);
      expect([...found.keys()]).toEqual(expect.arrayContaining([...source.datasets]));
      expect(endsOf(events)).toEqual(
        expect.arrayContaining(
          source.scopes.map((scope) => ({ event: 'scope_ended', scope, status: 'complete' })),
        ),
      );
      source.check(found);
    });

    test('tells scope after scope: started, its datasets, ended', async () => {
      const session = await open();
      const events = await discoverAll(session);
      await session.close();
      let scope: string | undefined;
      for (const event of events) {
        if (event.event === 'scope_started') {
          expect(scope).toBeUndefined();
          scope = event.scope;
        } else if (event.event === 'dataset') expect(event.dataset.schema).toBe(scope);
        else if (event.event === 'scope_ended') {
          expect(event.scope).toBe(scope);
          scope = undefined;
        }
      }
      expect(scope).toBeUndefined();
    });

    test('gives well-formed datasets', async () => {
      const session = await open();
      const events = await discoverAll(session);
      await session.close();
      expect(leaksIn(events)).toEqual([]);
      const found = [...datasetsOf(events).values()];
      expect(found.length).toBe(events.filter(({ event }) => event === 'dataset').length);
      for (const dataset of found) checkShape(dataset);
    });

    test('gives the same facts again', async () => {
      const session = await open();
      const first = datasetsOf(await discoverAll(session));
      const second = datasetsOf(await discoverAll(session, { ...EVERYTHING, strategy: 'conservative' }));
      await session.close();
      const lasting = (found: ReadonlyMap<string, Dataset>) =>
        // Estimates and sizes move by themselves.
        [...found.values()].map((dataset) => ({ ...dataset, row_estimate: 0, size_bytes: 0 }));
      expect(lasting(second)).toEqual(lasting(first));
    });

    test('takes the globs to heart', async () => {
      const { include, exclude, leaves } = bench().source.filter;
      const session = await open();
      const events = await discoverAll(session, { ...EVERYTHING, include, exclude });
      const none = await discoverAll(session, { ...EVERYTHING, include: ['\u2205.\u2205'] });
      await session.close();
      expect([...datasetsOf(events).keys()].sort()).toEqual([...leaves].sort());
      expect(datasetsOf(none).size).toBe(0);
      expect(endsOf(none).filter(({ status }) => status !== 'complete')).toEqual([]);
    });

    test('ends at once when its caller aborts, and the line is dropped', async () => {
      const session = await open();
      const controller = new AbortController();
      const events = session.discover.discover(
        { ...EVERYTHING, strategy: 'conservative' },
        controller.signal,
      );
      const reading = (async () => {
        await readSlowly(events);
        for (;;) await readSlowly(session.discover.discover(EVERYTHING, controller.signal));
      })();
      const fault = faultOf(reading);
      await pause(20);
      const from = Date.now();
      controller.abort(new AppError('CANCELLED', 'enough'));
      expect((await fault).code).toBe('CANCELLED');
      expect(Date.now() - from).toBeLessThan(2_000);
      await session.close();
    });

    test('may be left early', async () => {
      const session = await open();
      const signal = AbortSignal.timeout(20_000);
      for await (const event of session.discover.discover(EVERYTHING, signal))
        if (event.event === 'dataset') break;
      if (session.usable) {
        await session.ping(signal);
        expect(datasetsOf(await discoverAll(session)).size).toBeGreaterThan(0);
      }
      await session.close();
    });
  });
}

async function readSlowly(events: AsyncIterable<DiscoveryEvent>): Promise<void> {
  for await (const event of events) await pause(event.event === 'dataset' ? 1 : 0);
}

function endsOf(events: readonly DiscoveryEvent[]) {
  return events.filter((event) => event.event === 'scope_ended');
}

function checkShape(dataset: Dataset): void {
  const { fields } = dataset;
  const names = fields.map(({ name }) => name);
  checkFields(fields);
  const keys = [dataset.primary_key, ...(dataset.unique_keys ?? []), ...(dataset.foreign_keys ?? [])].filter(
    (key) => key !== undefined,
  );
  for (const { name, columns } of keys) {
    expect(name).toMatch(/\S/);
    expect(names).toEqual(expect.arrayContaining([...columns]));
  }
  for (const { columns, references } of dataset.foreign_keys ?? []) {
    expect(references.columns).toHaveLength(columns.length);
    expect(references.dataset).toMatch(/\S/);
  }
  for (const { row_estimate: rows, size_bytes: bytes } of [dataset]) {
    if (rows !== undefined) expect(Number.isSafeInteger(rows) && rows >= 0).toBe(true);
    if (bytes !== undefined) expect(Number.isSafeInteger(bytes) && bytes >= 0).toBe(true);
  }
  expect(JSON.parse(JSON.stringify(dataset))).toEqual(dataset);
}

function checkFields(fields: readonly Field[]): void {
  expect(fields.map(({ ordinal }) => ordinal)).toEqual(fields.map((_, at) => at + 1));
  expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length);
  for (const field of fields) {
    expect(field.native_type).toMatch(/\S/);
    expect(typeof field.nullable).toBe('boolean');
    if (field.fields) checkFields(field.fields);
  }
}
