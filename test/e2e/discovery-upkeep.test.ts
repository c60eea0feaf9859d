import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { systemActor, type Actor } from '../../src/common/actor.js';
import { AppError } from '../../src/common/app-error.js';
import { Database } from '../../src/platform/database/database.service.js';
import { Events } from '../../src/platform/events/events.service.js';
import { Schedules } from '../../src/platform/jobs/schedules.service.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';
import { CatalogRetention } from '../../src/schema-discovery/catalog-retention.service.js';
import { DiscoveryFigures } from '../../src/schema-discovery/discovery-figures.service.js';
import { DiffQuery } from '../../src/schema-discovery/dto/diff.view.js';
import { RunsService } from '../../src/schema-discovery/runs.service.js';
import { SchemaQuery } from '../../src/schema-discovery/dto/schema.view.js';
import { SchemasService } from '../../src/schema-discovery/schemas.service.js';
import { RunStreams } from '../../src/schema-discovery/run-streams.service.js';
import { SnapshotDiffs } from '../../src/schema-discovery/snapshot-diffs.service.js';
import { DiscoveryWorld, Gate, table } from '../support/discovery-world.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

describe('the upkeep of catalogs', () => {
  let database: ProductDatabase;
  let world: DiscoveryWorld;
  let module: TestingModule;
  let runs: RunsService;
  let actor: Actor;

  beforeAll(async () => {
    database = await makeProductDatabase();
    world = new DiscoveryWorld(database);
    module = await world.start();
    runs = module.get(RunsService);
    actor = systemActor(world.orgId, 'test');
  });

  afterAll(async () => {
    await world.stop();
    await database.drop();
  });

  const runsOf = async (id: string): Promise<{ trigger: string; state: string; mode: string }[]> =>
    world.sql('SELECT trigger, state, mode FROM discovery_runs WHERE data_source_id = $1 ORDER BY id', [id]);
  const discover = async (id: string): Promise<void> => {
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    expect(await world.ended(run.run_id)).toBe('succeeded');
  };
  const due = (id: string): Promise<void> =>
    module.get(Database).inOrg(world.orgId, async (tx) => {
      const schedules = module.get(Schedules);
      await schedules.set(tx, { kind: 'discovery', orgId: world.orgId, dataSourceId: id, intervalS: 3_600 });
      await schedules.moveTo(tx, 'discovery', id, new Date(0));
    });
  const claimed = (id: string): Promise<void> =>
    until(async () => {
      const [row] = await world.sql<{ due: boolean }>(
        'SELECT next_run_at < now() AS due FROM schedules WHERE data_source_id = $1',
        [id],
      );
      return row?.due === false;
    }, 'the schedule is claimed');

  it('refreshes what is due, and leaves alone what is not active or not to be refreshed', async () => {
    const [active, failed, manual, unknown] = await Promise.all([
      world.register(),
      world.register({ status: 'failed' }),
      world.register({
        discovery: { auto_refresh: false, interval_s: 60, include: [], exclude: [], strategy: 'balanced' },
      }),
      world.register(),
    ]);
    active.source.set('a', [table('a', 't')]);
    world.facts.delete(unknown.id);
    for (const { id } of [failed, manual, unknown, active]) await due(id);
    for (const { id } of [failed, manual, unknown, active]) await claimed(id);
    await until(async () => (await runsOf(active.id))[0]?.state === 'succeeded', 'the refresh ends');
    expect(await runsOf(active.id)).toEqual([
      { trigger: 'schedule', state: 'succeeded', mode: 'incremental' },
    ]);
    for (const { id } of [failed, manual, unknown]) expect(await runsOf(id)).toEqual([]);
    expect(await world.sql('SELECT FROM audit_events WHERE target_id = $1', [active.id])).toHaveLength(0);
  });

  const tell = (type: string, id: string, payload: Record<string, unknown> = {}): Promise<void> =>
    module
      .get(Database)
      .inOrg(world.orgId, (tx) =>
        module.get(Events).emit(tx, { type, orgId: world.orgId, dataSourceId: id, payload }),
      );
  const handled = (): Promise<void> =>
    until(async () => (await world.sql('SELECT FROM outbox')).length === 0, 'the outbox is empty');

  it('discovers a source once when it becomes active for the first time', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    await tell('data_source.status_changed', id, { from: 'testing', to: 'failed' });
    await handled();
    expect(await runsOf(id)).toEqual([]);
    await tell('data_source.status_changed', id, { from: 'testing', to: 'active' });
    await until(async () => (await runsOf(id))[0]?.state === 'succeeded', 'the first run ends');
    await tell('data_source.status_changed', id, { from: 'inactive', to: 'active' });
    await handled();
    expect(await runsOf(id)).toEqual([{ trigger: 'first', state: 'succeeded', mode: 'full' }]);
  });

  it('reads a source again when it is another one, or is to be read in another way', async () => {
    const { id, source } = await world.register();
    source.token = 'the same everywhere';
    source.set('a', [table('a', 't'), table('a', 'u')]);
    await discover(id);
    const page = async (): Promise<{ stale_reason: string | null; text: string }> => {
      const rendered = await module.get(SchemasService).page(world.orgId, id, new SchemaQuery());
      const text = (await rendered.body()).toString();
      return { ...(JSON.parse(text) as { stale_reason: string | null }), text };
    };
    expect(await page()).toMatchObject({ stale_reason: null });
    world.change(id, { destination: 'place 2' });
    source.set('a', [table('a', 'elsewhere')]);
    expect(await page()).toMatchObject({ stale_reason: 'source_changed' });
    await tell('data_source.status_changed', id, { from: 'testing', to: 'active' });
    await until(async () => (await page()).stale_reason === null, 'the new place is read', 10_000);
    expect((await page()).text).toContain('elsewhere');
    world.change(id, { destination: 'place 3' });
    source.set('a', [table('a', 'third'), table('a', 'hidden')]);
    const { run } = await runs.request(actor, id, { mode: 'incremental', trigger: 'manual' });
    expect(await world.ended(run.run_id)).toBe('succeeded');
    expect((await page()).text).toContain('third');

    const discovery = { ...world.facts.get(id)?.discovery, exclude: ['*.hidden'] } as never;
    world.change(id, { discovery });
    await tell('data_source.updated', id, { changed: ['name', 'discovery'] });
    await until(async () => !(await page()).text.includes('hidden'), 'the new filter holds', 10_000);
    await tell('data_source.updated', id, { changed: ['discovery'] });
    await handled();
    expect((await runsOf(id)).map(({ trigger }) => trigger)).toEqual([
      'manual',
      'first',
      'manual',
      'schedule',
    ]);
  });

  it('stops the run of a source that is deleted', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    const gate = new Gate(2);
    source.before = gate.before;
    await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(() => gate.reached, 'the source is read');
    await tell('data_source.deleted', id);
    await until(async () => (await runsOf(id))[0]?.state === 'cancelled', 'the run is cancelled');
    await handled();
  });

  it.each([
    ['paused', { status: 'inactive', paused: true }, { from: 'active', to: 'inactive', code: 'PAUSED' }],
    ['in maintenance', { status: 'maintenance' }, { from: 'active', to: 'maintenance', code: 'MAINTENANCE' }],
  ] as const)('stops the run of a source that is %s', async (_, facts, payload) => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    const gate = new Gate(2);
    source.before = gate.before;
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(() => gate.reached, 'the source is read');
    // Not by a word that came late: the source works again.
    await tell('data_source.status_changed', id, payload);
    await handled();
    expect(await world.state(run.run_id)).toBe('running');
    world.change(id, facts);
    await tell('data_source.status_changed', id, payload);
    await until(async () => (await world.state(run.run_id)) === 'cancelled', 'the run is cancelled');
    await until(() => gate.left, 'the source is left');
    await handled();
    expect(await world.orphans(id)).toBe(0);
  });

  it('leaves to the life of its source how a run ends whose session ended with it', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    source.before = () => {
      world.change(id, { paused: true });
      throw new AppError('BUSY', 'The pool of the source is closing.');
    };
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(async () => {
      const [job] = await world.sql<{ waits: boolean }>(
        `SELECT state = 'queued' AND run_at > now() AS waits FROM jobs WHERE ref_id = $1`,
        [run.run_id],
      );
      return job?.waits === true;
    }, 'the job is handed back');
    expect(await world.state(run.run_id)).toBe('running');
    await tell('data_source.status_changed', id, { from: 'active', to: 'inactive', code: 'PAUSED' });
    expect(await world.ended(run.run_id)).toBe('cancelled');
    await handled();
  });

  it('takes no run for a source that rests, whatever this process has heard', async () => {
    const { id } = await world.register();
    const order = { mode: 'full', trigger: 'manual' } as const;
    await world.sql(`UPDATE data_sources SET status_reason = '{"code": "PAUSED"}' WHERE id = $1`, [id]);
    await expect(runs.request(actor, id, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    await world.sql(
      `UPDATE data_sources SET status_reason = '{"code": "OK"}', status = 'maintenance' WHERE id = $1`,
      [id],
    );
    await expect(runs.request(actor, id, order)).rejects.toMatchObject({ code: 'CONFLICT' });
    await world.sql('UPDATE data_sources SET deleted_at = now() WHERE id = $1', [id]);
    await expect(runs.request(actor, id, order)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await runsOf(id)).toEqual([]);
  });

  it('stops at once when its source is purged, though the source keeps silent', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    const gate = new Gate(2);
    source.before = gate.before;
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(() => gate.reached, 'the source is read');
    await world.sql('DELETE FROM data_sources WHERE id = $1', [id]);
    world.facts.delete(id);
    await tell('data_source.purged', id);
    await until(() => gate.left, 'the source is left');
    await until(
      async () => (await world.sql('SELECT FROM jobs WHERE ref_id = $1', [run.run_id])).length === 0,
      'the job is gone',
    );
    await handled();
  });

  it('goes with its source when that is purged, also in the middle of a run', async () => {
    const { id, source } = await world.register();
    source.set('a', [table('a', 't')]);
    await discover(id);
    const gate = new Gate(2);
    source.before = gate.before;
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    await until(() => gate.reached, 'the source is read');
    await world.sql('DELETE FROM data_sources WHERE id = $1', [id]);
    gate.open();
    await until(
      async () => (await world.sql('SELECT FROM jobs WHERE ref_id = $1', [run.run_id])).length === 0,
      'the job ends',
      20_000,
    );
    for (const name of ['discovery_runs', 'catalogs', 'snapshots', 'dataset_versions'])
      expect(await world.sql(`SELECT FROM ${name} WHERE data_source_id = $1`, [id])).toHaveLength(0);
  });

  it('lets go of old snapshots without a change of what is kept', async () => {
    const { id, source } = await world.register();
    for (const version of [1, 2, 3, 4]) {
      source.set('a', [
        table('a', 'steady'),
        table('a', 'moving', { comment: `version ${String(version)}` }),
        ...(version < 3 ? [table('a', 'dropped')] : []),
      ]);
      await discover(id);
    }
    const diffs = module.get(SnapshotDiffs);
    const diff = () => diffs.diff(world.orgId, id, Object.assign(new DiffQuery(), { from: 3, to: 4 }));
    const before = await diff();
    await world.sql(
      `UPDATE snapshots SET created_at = now() - interval '91 days' WHERE data_source_id = $1 AND seq <= 3`,
      [id],
    );
    await module.get(CatalogRetention).prune(world.orgId, id);
    const kept = await world.sql<{ seq: number }>(
      'SELECT seq FROM snapshots WHERE data_source_id = $1 ORDER BY seq',
      [id],
    );
    expect(kept).toEqual([{ seq: 3 }, { seq: 4 }]);
    expect(await diff()).toEqual(before);
    const rows = await world.sql('SELECT FROM dataset_versions WHERE data_source_id = $1', [id]);
    expect(rows).toHaveLength(3);
    await expect(
      diffs.diff(world.orgId, id, Object.assign(new DiffQuery(), { from: 1 })),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  const text = async (stream: Readable): Promise<string> => {
    let all = '';
    for await (const part of stream) all += String(part);
    return all;
  };

  it('tells another process of a run, and ends its streams when it stops', async () => {
    const api = await world.start('api');
    const { id, source } = await world.register();
    source.set(
      'a',
      Array.from({ length: 300 }, (_, n) => table('a', `t${String(n)}`)),
    );
    source.set('b', [], { status: 'failed', reason: 'Not allowed.' });
    const gate = new Gate(250);
    source.before = gate.before;
    const { run } = await api.get(RunsService).request(actor, id, { mode: 'full', trigger: 'manual' });
    const streams = api.get(RunStreams);
    const whole = await streams.watch(world.orgId, run, 0);
    const left = await streams.watch(world.orgId, run, 0);
    if (!whole || !left) throw new Error('no stream');
    left.once('data', () => left.destroy());
    await once(left, 'close');
    await until(() => gate.reached, 'the source is read');
    gate.open();
    const told = await text(whole);
    expect(
      [...told.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type).filter((type) => type !== 'progress'),
    ).toEqual(['state', 'state', 'scope', 'state']);
    expect(told).toContain('"state":"partial"');
    expect(told).toContain('"reason":"Not allowed."');

    const held = new Gate(2);
    source.before = held.before;
    const { run: second } = await api
      .get(RunsService)
      .request(actor, id, { mode: 'full', trigger: 'manual' });
    const open = await streams.watch(world.orgId, second, 0);
    if (!open) throw new Error('no stream');
    const reading = text(open);
    await until(() => held.reached, 'the source is read');
    await api.close();
    expect(await reading).not.toContain('"succeeded"');
    held.open();
    await world.ended(second.run_id);
  });

  it('says how far a long run is', async () => {
    const { id, source } = await world.register();
    const count = 20_000;
    source.set(
      'a',
      Array.from({ length: count }, (_, n) => table('a', `t${String(n)}`)),
    );
    const { run } = await runs.request(actor, id, { mode: 'full', trigger: 'manual' });
    const gate = new Gate(count);
    source.before = gate.before;
    await until(() => gate.reached, 'nearly everything is read', 60_000);
    await until(
      async () => (await runs.get(world.orgId, id, run.run_id)).progress !== null,
      'there is progress',
      10_000,
    );
    expect(await runs.get(world.orgId, id, run.run_id)).toMatchObject({
      state: 'running',
      progress: { datasets_expected: count, scope: 'a', scopes_done: 0 },
    });
    gate.open();
    expect(await world.ended(run.run_id, 60_000)).toBe('succeeded');
    const events = await world.sql<{ type: string }>(
      'SELECT type FROM discovery_run_events WHERE run_id = $1 ORDER BY seq',
      [run.run_id],
    );
    expect(events.map(({ type }) => type)).toEqual(['state', 'state', 'state']);
  }, 120_000);

  it('counts its runs for the organization and for the process', async () => {
    const figures = await module.get(DiscoveryFigures).forOrganization(world.orgId);
    expect(figures.runs_24h.succeeded).toBeGreaterThan(0);
    expect(figures.runs_24h.cancelled).toBe(4);
    expect(figures.duration_ms.max).toBeGreaterThanOrEqual(figures.duration_ms.p50 ?? Infinity);
    const other = await module.get(DiscoveryFigures).forOrganization('00000000-0000-7000-8000-000000000001');
    expect(other).toMatchObject({ runs_24h: { succeeded: 0 }, duration_ms: { p50: null } });
    const prometheus = await module.get(Metrics).registry.metrics();
    expect(prometheus).toMatch(
      /datawave_discovery_runs_total\{state="succeeded",trigger="first",code=""\} 2/,
    );
    expect(prometheus).toMatch(/datawave_discovery_run_duration_seconds_count\{state="succeeded"\} \d+/);
  });
});
