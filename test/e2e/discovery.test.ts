import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemActor, type Actor } from '../../src/common/actor.js';
import { AppError } from '../../src/common/app-error.js';
import type { Dataset } from '../../src/connectors/spi/index.js';
import { DiffQuery, type SchemaDiff } from '../../src/schema-discovery/dto/diff.view.js';
import { SchemaQuery, type SchemaPage } from '../../src/schema-discovery/dto/schema.view.js';
import { RunsService } from '../../src/schema-discovery/runs.service.js';
import type { RunOrder } from '../../src/schema-discovery/schema-discovery.types.js';
import { SchemasService } from '../../src/schema-discovery/schemas.service.js';
import { SnapshotDiffs } from '../../src/schema-discovery/snapshot-diffs.service.js';
import { DiscoveryWorld, field, Gate, table } from '../support/discovery-world.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

describe('discovery into the catalog', () => {
  let database: ProductDatabase;
  let world: DiscoveryWorld;
  let runs: RunsService;
  let schemas: SchemasService;
  let diffs: SnapshotDiffs;
  let actor: Actor;

  beforeAll(async () => {
    database = await makeProductDatabase();
    world = new DiscoveryWorld(database);
    const module = await world.start();
    runs = module.get(RunsService);
    schemas = module.get(SchemasService);
    diffs = module.get(SnapshotDiffs);
    actor = systemActor(world.orgId, 'test');
  });

  afterAll(async () => {
    await world.stop();
    await database.drop();
  });

  const discover = async (id: string, order: Partial<RunOrder> = {}): Promise<string> => {
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual', ...order });
    await world.ended(run.run_id);
    return run.run_id;
  };
  const run = (id: string, runId: string) => runs.get(world.orgId, id, runId);
  const page = async (id: string, query: Partial<SchemaQuery> = {}): Promise<SchemaPage> => {
    const rendered = await schemas.page(world.orgId, id, Object.assign(new SchemaQuery(), query));
    return JSON.parse((await rendered.body()).toString()) as SchemaPage;
  };
  const names = (found: SchemaPage): string[] =>
    found.schemas.flatMap(({ datasets }) => datasets.map(({ schema, name }) => `${schema}.${name}`));
  const diff = (id: string, query: Partial<DiffQuery> = {}): Promise<SchemaDiff> =>
    diffs.diff(world.orgId, id, Object.assign(new DiffQuery(), query));

  it('says so before the first run, and serves what the first run found', async () => {
    const { id, source } = await world.register();
    expect(await page(id)).toMatchObject({
      state: 'never_discovered',
      snapshot: null,
      stale: true,
      stale_reason: 'never_discovered',
      schemas: [],
    });
    source.set('sales', [
      table('sales', 'orders', { comment: 'Orders', row_estimate: 7 }),
      table('sales', 'lines'),
    ]);
    source.set('empty', []);
    const runId = await discover(id);
    expect(await run(id, runId)).toMatchObject({
      state: 'succeeded',
      snapshot: 1,
      changes: { added: 2, changed: 0, removed: 0, unchanged: 0 },
      error: null,
      attempt: 1,
    });
    const found = await page(id);
    expect(found).toMatchObject({
      state: 'discovered',
      snapshot: 1,
      stale: false,
      counts: { schemas: 2, datasets: 2, by_kind: { table: 2 } },
      completeness: { complete: 2, partial: 0, failed: 0 },
    });
    expect(found.scopes).toContainEqual({ name: 'empty', status: 'complete', dataset_count: 0 });
    expect(found.schemas).toEqual([
      {
        name: 'sales',
        status: 'complete',
        dataset_count: 2,
        datasets: [table('sales', 'lines'), table('sales', 'orders', { comment: 'Orders', row_estimate: 7 })],
      },
    ]);
  });

  it('writes only what is new, changed or gone', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'same'), table('a', 'altered'), table('a', 'dropped')]);
    source.set('b', [table('b', 'whole_schema_gone')]);
    await discover(id);
    const altered = table('a', 'altered', { fields: [field('id', 1, { nullable: false })] });
    source.set('a', [table('a', 'same'), altered, table('a', 'created')]);
    source.scopes.delete('b');
    expect(await run(id, await discover(id))).toMatchObject({
      snapshot: 2,
      changes: { added: 1, changed: 1, removed: 2, unchanged: 1 },
    });
    expect(names(await page(id))).toEqual(['a.altered', 'a.created', 'a.same']);
    expect(names(await page(id, { snapshot: 1 }))).toEqual([
      'a.altered',
      'a.dropped',
      'a.same',
      'b.whole_schema_gone',
    ]);
    const rows = await world.sql('SELECT FROM dataset_versions WHERE data_source_id = $1', [id]);
    expect(rows).toHaveLength(6);
    expect(await diff(id)).toMatchObject({
      from: 1,
      to: 2,
      summary: { datasets_added: 1, datasets_removed: 2, datasets_changed: 1 },
      changes: [
        { type: 'field_removed', schema: 'a', dataset: 'altered', path: 'amount', breaking: true },
        { type: 'dataset_added', dataset: 'created', breaking: false },
        { type: 'dataset_removed', dataset: 'dropped', breaking: true },
        { type: 'dataset_removed', schema: 'b', breaking: true },
      ],
    });
  });

  it('makes no snapshot where nothing changed, and renews estimates in place', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't', { row_estimate: 100 })]);
    await discover(id);
    const etag = async () => (await schemas.page(world.orgId, id, new SchemaQuery())).etag;
    const before = await page(id);
    source.set('a', [table('a', 't', { row_estimate: 104 })]);
    expect(await run(id, await discover(id))).toMatchObject({ snapshot: 1, changes: { unchanged: 1 } });
    const after = await page(id);
    expect(after.schemas).toEqual(before.schemas);
    expect(Date.parse(String(after.discovered_at))).toBeGreaterThan(Date.parse(String(before.discovered_at)));
    const known = await etag();
    source.set('a', [table('a', 't', { row_estimate: 5_000 })]);
    await discover(id);
    expect((await page(id)).schemas[0]?.datasets[0]).toMatchObject({ row_estimate: 5_000 });
    expect(await etag()).not.toBe(known);
    const rows = await world.sql('SELECT FROM snapshots WHERE data_source_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });

  it('takes a scope that could not be read in full for no reason to remove anything', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'one'), table('a', 'two')]);
    source.set('b', [table('b', 'one')]);
    await discover(id);
    source.set('a', [table('a', 'one')], { status: 'partial', reason: 'Not allowed.' });
    source.set('b', [], { status: 'failed', reason: 'Not allowed.' });
    const second = await run(id, await discover(id));
    expect(second).toMatchObject({ state: 'partial', changes: { removed: 0 } });
    expect(second.incomplete_scopes).toEqual([
      { name: 'a', status: 'partial', code: 'PERMISSION_DENIED', reason: 'Not allowed.' },
      { name: 'b', status: 'failed', code: 'PERMISSION_DENIED', reason: 'Not allowed.' },
    ]);
    const found = await page(id);
    expect(names(found)).toEqual(['a.one', 'a.two', 'b.one']);
    expect(found.completeness).toEqual({ complete: 0, partial: 1, failed: 1 });
  });

  it('stores nothing of a run in which every scope failed, and is never empty for a listing that failed', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'one')]);
    await discover(id);
    source.set('a', [], { status: 'failed', reason: 'Not allowed.' });
    expect(await run(id, await discover(id))).toMatchObject({
      state: 'failed',
      snapshot: null,
      error: { code: 'PERMISSION_DENIED', message: 'Not allowed.', retryable: false },
    });
    source.before = () => {
      throw new AppError('UNREACHABLE', 'Gone.');
    };
    expect(await run(id, await discover(id))).toMatchObject({
      state: 'failed',
      error: { code: 'UNREACHABLE', retryable: true },
    });
    expect(await page(id)).toMatchObject({ snapshot: 1, stale: true, stale_reason: 'last_run_failed' });
    expect(names(await page(id))).toEqual(['a.one']);
    expect(await world.orphans(id)).toBe(0);
  });

  it('gives one run to all who ask while it is under way', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'one')]);
    const gate = new Gate(2);
    source.before = gate.before;
    const asked = await Promise.all(
      Array.from({ length: 8 }, () => runs.request(actor, id, { mode: 'full', trigger: 'manual' })),
    );
    expect(new Set(asked.map(({ run: { run_id } }) => run_id)).size).toBe(1);
    expect(asked.filter(({ created }) => created)).toHaveLength(1);
    await until(() => gate.reached, 'the source is read');
    const again = await runs.request(actor, id, { mode: 'selective', include: ['x.*'], trigger: 'manual' });
    expect(again).toMatchObject({ created: false, run: { state: 'running', mode: 'full' } });
    gate.open();
    expect(await world.ended(again.run.run_id)).toBe('succeeded');
    const rows = await world.sql(`SELECT FROM audit_events WHERE target_id = $1`, [id]);
    expect(rows).toHaveLength(1);
  });

  it('stops a run that is cancelled and leaves nothing of it', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'one')]);
    await discover(id);
    source.set(
      'a',
      Array.from({ length: 1_000 }, (_, n) => table('a', `t${String(n)}`)),
    );
    const gate = new Gate(900);
    source.before = gate.before;
    const { run: begun } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(() => gate.reached, 'the source is read');
    expect(await runs.cancel(actor, id, begun.run_id)).toMatchObject({ state: 'cancelled' });
    await until(async () => (await world.orphans(id)) === 0, 'nothing is left of it');
    await expect(runs.cancel(actor, id, begun.run_id)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(names(await page(id))).toEqual(['a.one']);
    expect(await world.sql('SELECT FROM jobs WHERE ref_id = $1', [begun.run_id])).toHaveLength(0);
    source.before = () => undefined;
    expect(await run(id, await discover(id))).toMatchObject({
      state: 'succeeded',
      changes: { added: 1_000, removed: 1 },
    });
    expect(await world.orphans(id)).toBe(0);
  });

  it('goes on from the token and the fingerprints of the last run, as long as the filter is the same', async () => {
    const { id, source } = await world.register();
    source.token = 't1';
    source.fingerprint = ({ comment, name }) => `${name} ${comment ?? ''}`;
    source.set('a', [table('a', 'one'), table('a', 'two')]);
    await discover(id);
    const incremental = () => discover(id, { mode: 'incremental' });
    expect(await run(id, await incremental())).toMatchObject({
      state: 'succeeded',
      snapshot: 1,
      changes: { added: 0, changed: 0, removed: 0, unchanged: 2 },
    });
    source.token = 't2';
    source.set('a', [table('a', 'one', { comment: 'new' }), table('a', 'two'), table('a', 'three')]);
    expect(await run(id, await incremental())).toMatchObject({
      snapshot: 2,
      changes: { added: 1, changed: 1, removed: 0, unchanged: 1 },
    });
    source.set('a', [table('a', 'two')]);
    source.token = 't3';
    expect(await run(id, await incremental())).toMatchObject({ changes: { removed: 2, unchanged: 1 } });
    const discovery = { ...world.facts.get(id)?.discovery, exclude: ['b.*'] } as never;
    world.change(id, { discovery });
    await incremental();
    expect(source.requests.at(-1)?.since?.token).toBeUndefined();
    await incremental();
    expect(source.requests.at(-1)?.since?.token).toBe('t3');
    await discover(id);
    expect(source.requests.at(-1)?.since).toBeUndefined();
  });

  it('keeps no token of a run with gaps', async () => {
    const { id, source } = await world.register();
    source.token = 't1';
    source.set('a', [table('a', 'one')]);
    source.set('b', [], { status: 'failed', reason: 'Not allowed.' });
    await discover(id);
    await discover(id, { mode: 'incremental' });
    expect(source.requests.at(-1)?.since?.token).toBeUndefined();
  });

  it('reads a selection without touching the rest', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'orders'), table('a', 'old_orders'), table('a', 'users')]);
    source.set('b', [table('b', 'orders')]);
    await discover(id);
    source.set('a', [table('a', 'orders', { comment: 'new' }), table('a', 'users', { comment: 'new' })]);
    source.scopes.delete('b');
    const selected = await run(
      id,
      await discover(id, { mode: 'selective', include: ['a.*orders'], exclude: [] }),
    );
    expect(selected).toMatchObject({ state: 'succeeded', changes: { added: 0, changed: 1, removed: 1 } });
    const found = await page(id);
    expect(names(found)).toEqual(['a.orders', 'a.users', 'b.orders']);
    expect(found.schemas[0]?.datasets.map(({ comment }) => comment)).toEqual(['new', undefined]);
    expect(found.completeness).toEqual({ complete: 2, partial: 0, failed: 0 });
  });

  it('keeps names that are hard to keep', async () => {
    const odd = [
      'sp ace',
      'quo"te',
      "apos'trophe",
      'back\\slash',
      'per%cent_',
      'naïve 表 🚀',
      'tab\tline\n\u001funit',
      'nul\u0000byte',
      'lone\ud800half',
      '__proto__',
      '{}',
      ',',
      '',
    ];
    const { id, source } = await world.register();
    source.set(
      'o"d,d',
      odd.map((name) => table('o"d,d', name, { comment: `${name} \u0000`, fields: [field(name, 1)] })),
    );
    expect(await run(id, await discover(id))).toMatchObject({
      state: 'succeeded',
      changes: { added: odd.length },
    });
    const found = (await page(id)).schemas[0]?.datasets ?? [];
    expect(new Set(found.map(({ name }) => name))).toEqual(new Set(odd));
    expect(new Set(found.map(({ fields }) => fields?.[0]?.name))).toEqual(new Set(odd));
    for (const name of odd) {
      const q = name.replaceAll(/[\u0000\ud800]/gu, '\ufffd');
      if (q !== '') expect(names(await page(id, { q })).length).toBeGreaterThan(0);
    }
    expect(await run(id, await discover(id))).toMatchObject({ changes: { unchanged: odd.length } });
    const pages: string[] = [];
    for (let cursor: string | undefined; ;) {
      const some = await page(id, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      pages.push(...names(some));
      if (some.next_cursor === null) break;
      cursor = some.next_cursor;
    }
    expect(pages).toHaveLength(odd.length);
  });

  it('says that a scope is partial where a name is too long or given twice', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'x'.repeat(3_000)), table('a', 'fine')]);
    source.set('b', [table('b', 'nul\u0000'), table('b', 'nul\ufffd')]);
    expect(await run(id, await discover(id))).toMatchObject({
      state: 'partial',
      incomplete_scopes: [
        { name: 'a', status: 'partial', code: 'UNSUPPORTED', reason: 'A name is too long to be kept.' },
        { name: 'b', status: 'partial', code: 'UNSUPPORTED', reason: 'Two datasets have the same name.' },
      ],
    });
    expect(names(await page(id))).toEqual(['a.fine', 'b.nul\u0000']);
  });

  it('filters, projects and pages', async () => {
    const { id, source } = await world.register();
    const make = (name: string, changes: Partial<Dataset> = {}): Dataset => table('s', name, changes);
    source.set('r', [table('r', 'a')]);
    source.set('s', [
      make('plain', { comment: 'Customer Orders', size_bytes: 8_192 }),
      make('seen', { kind: 'view', definition: 'select 1' }),
      make('wide', { fields: [field('Order_Total', 1, { comment: 'in Euro' })] }),
    ]);
    await discover(id);
    expect(names(await page(id, { schema: 's' }))).toHaveLength(3);
    expect(names(await page(id, { dataset: 'a' }))).toEqual(['r.a']);
    expect(names(await page(id, { kind: 'view' }))).toEqual(['s.seen']);
    expect(names(await page(id, { q: 'ORDER' }))).toEqual(['s.plain', 's.wide']);
    expect(names(await page(id, { q: 'in euro' }))).toEqual(['s.wide']);
    expect(names(await page(id, { q: '%' }))).toEqual([]);
    const only = await page(id, { schema: 's', dataset: 'plain', fields: 'kind,size_bytes' });
    expect(only.schemas[0]?.datasets).toEqual([
      { schema: 's', name: 'plain', kind: 'table', size_bytes: 8_192 },
    ]);
    const without = await page(id, { kind: 'view', fields: '-fields,-primary_key' });
    expect(without.schemas[0]?.datasets).toEqual([
      { schema: 's', name: 'seen', kind: 'view', definition: 'select 1' },
    ]);
    await expect(page(id, { fields: 'nonsense' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(page(id, { fields: 'kind,-fields' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(page(id, { cursor: 'rubbish' })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    await expect(page(id, { snapshot: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const first = await page(id, { limit: 3 });
    expect(first.has_more).toBe(true);
    expect(first.schemas.map(({ datasets }) => datasets.length)).toEqual([1, 2]);
    const second = await page(id, { limit: 3, cursor: String(first.next_cursor) });
    expect(names(second)).toEqual(['s.wide']);
    expect(second).toMatchObject({ has_more: false, next_cursor: null });
  });

  it('ends a page of very wide datasets early', async () => {
    const { id, source } = await world.register();
    const wide = (name: string): Dataset => table('w', name, { comment: 'x'.repeat(3_000_000) });
    source.set('w', ['a', 'b', 'c', 'd', 'e'].map(wide));
    await discover(id);
    const first = await page(id);
    expect(names(first)).toEqual(['w.a', 'w.b', 'w.c']);
    const second = await page(id, { cursor: String(first.next_cursor) });
    expect([names(second), second.has_more]).toEqual([['w.d', 'w.e'], false]);
    expect(names(await page(id, { fields: 'kind' }))).toHaveLength(5);
    expect(names(await page(id, { limit: 1 }))).toEqual(['w.a']);
  });

  it('tries its own runs again while the source is away, and a run that a person asked for never', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 'one')]);
    source.fault = new AppError('UNREACHABLE', 'Gone.');
    expect(await run(id, await discover(id))).toMatchObject({ state: 'failed', attempt: 1 });
    const { run: begun } = await runs.request(actor, id, { mode: 'incremental', trigger: 'schedule' });
    await until(
      async () => (await run(id, begun.run_id)).error?.code === 'UNREACHABLE',
      'the first try ends',
    );
    expect(await run(id, begun.run_id)).toMatchObject({ state: 'queued' });
    source.fault = undefined;
    expect(await world.ended(begun.run_id)).toBe('succeeded');
    expect(await run(id, begun.run_id)).toMatchObject({ attempt: 2, error: null });
  });

  it('refuses a run while the source is paused', async () => {
    const { id } = await world.register({ paused: true });
    await expect(runs.request(actor, id, { mode: 'full', trigger: 'manual' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(runs.get(world.orgId, id, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
