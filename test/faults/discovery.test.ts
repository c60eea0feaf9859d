import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { TestingModule } from '@nestjs/testing';
import { systemActor, type Actor } from '../../src/common/actor.js';
import { Database } from '../../src/platform/database/database.service.js';
import { Jobs, type Job } from '../../src/platform/jobs/jobs.service.js';
import { CatalogStore } from '../../src/schema-discovery/catalog-store.service.js';
import { toRow } from '../../src/schema-discovery/dataset-row.js';
import { SchemaQuery, type SchemaPage } from '../../src/schema-discovery/dto/schema.view.js';
import { RunsService } from '../../src/schema-discovery/runs.service.js';
import { SchemasService } from '../../src/schema-discovery/schemas.service.js';
import { SnapshotCommits, type Reading } from '../../src/schema-discovery/snapshot-commits.service.js';
import { generation, type WorkerOrder } from '../support/discovery-process.js';
import { DiscoveryWorld, Gate, table } from '../support/discovery-world.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

const WORKERS = 5;
const RUNS_OF_A_WORKER = 2;
const ROUNDS = 2;
/** Lease and poll are 7 s; the rest is for a busy machine. */
const RESTART_MS = 30_000;
/** Less than the 30 s after which the server ends any transaction that is idle. */
const TAKEN_OVER_MS = 25_000;

describe('discovery under faults', () => {
  let database: ProductDatabase;
  let world: DiscoveryWorld;
  let api: TestingModule;
  let runs: RunsService;
  let actor: Actor;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    database = await makeProductDatabase();
    world = new DiscoveryWorld(database);
    api = await world.start('api');
    runs = api.get(RunsService);
    actor = systemActor(world.orgId, 'test');
  });

  // A worker that a failed test left behind would take the jobs of the next one.
  afterEach(async () => {
    await Promise.all(
      children
        .splice(0)
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map((child) => kill(child)),
    );
  });

  afterAll(async () => {
    await world.stop();
    await database.drop();
  });

  const worker = async (
    sources: readonly string[],
    { generation: n, pauseMs, tables }: Pick<WorkerOrder, 'generation' | 'pauseMs' | 'tables'>,
    options: readonly string[] = [],
  ): Promise<ChildProcess> => {
    const order: WorkerOrder = {
      ownerUrl: database.ownerUrl,
      orgId: world.orgId,
      sources,
      generation: n,
      pauseMs,
      ...(tables === undefined ? {} : { tables }),
    };
    const child = spawn(
      process.execPath,
      [
        ...options,
        '--import',
        new URL('../support/typescript.mjs', import.meta.url).href,
        fileURLToPath(new URL('../support/discovery-process.ts', import.meta.url)),
        JSON.stringify(order),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    children.push(child);
    const died = once(child, 'exit').then(() => Promise.reject(new Error('The worker did not start.')));
    await Promise.race([once(child.stdout, 'data'), died]);
    died.catch(() => undefined);
    return child;
  };
  const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const request = async (id: string): Promise<string> =>
    (await runs.request(actor, id, { mode: 'full', trigger: 'schedule' })).run.run_id;

  /** Everything that is served, as one text. */
  const served = async (id: string): Promise<{ snapshot: number | null; names: string }> => {
    const query = Object.assign(new SchemaQuery(), { limit: 1_000 });
    let names = '';
    for (;;) {
      const rendered = await api.get(SchemasService).page(world.orgId, id, query);
      const page = JSON.parse((await rendered.body()).toString()) as SchemaPage;
      if (query.snapshot !== undefined && page.snapshot !== query.snapshot) throw new Error('mixed');
      if (page.snapshot !== null) query.snapshot = page.snapshot;
      for (const { datasets } of page.schemas)
        for (const dataset of datasets) names += `${textOf(dataset)}\n`;
      if (page.next_cursor === null) return { snapshot: page.snapshot, names };
      query.cursor = page.next_cursor;
    }
  };
  const textOf = (dataset: object): string => JSON.stringify(dataset);
  const expected = (n: number): string =>
    [...generation(n).entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([, datasets]) => [...datasets].sort((a, b) => (a.name < b.name ? -1 : 1)))
      .map((dataset) => `${textOf(dataset)}\n`)
      .join('');

  it(
    'survives kill -9 of its workers at random points: the old catalog, then the new one, nothing in between',
    async () => {
      const ids: string[] = [];
      while (ids.length < WORKERS * RUNS_OF_A_WORKER) ids.push((await world.register()).id);
      let steady = await worker(ids, { generation: 1, pauseMs: 0 });
      for (const id of ids) await world.ended(await request(id), RESTART_MS);
      await kill(steady, 'SIGTERM');
      const old = expected(1);
      for (const id of ids) expect((await served(id)).names).toBe(old);

      for (let round = 0; round < ROUNDS; round += 1) {
        const [from, to] = round % 2 === 0 ? [1, 2] : [2, 1];
        const asked = await Promise.all(ids.map(request));
        const victims = await Promise.all(
          Array.from({ length: WORKERS }, () => worker(ids, { generation: to, pauseMs: 1 })),
        );
        await until(
          async () => (await Promise.all(asked.map((run) => world.state(run)))).every((s) => s !== 'queued'),
          'every run is under way',
          RESTART_MS,
        );
        // A run takes some 2 s at this pace: the kill comes anywhere in it, the commit included.
        await Promise.all(
          victims.map(async (victim) => {
            await pause(Math.random() * 2_500);
            await kill(victim);
          }),
        );
        for (const id of ids) expect([expected(from), expected(to)]).toContain((await served(id)).names);
        const before = performance.now();
        steady = await worker(ids, { generation: to, pauseMs: 0 });
        for (const run of asked) expect(await world.ended(run, RESTART_MS)).toBe('succeeded');
        expect(performance.now() - before).toBeLessThan(RESTART_MS);
        await kill(steady, 'SIGTERM');
        for (const id of ids) {
          expect((await served(id)).names).toBe(expected(to));
          expect(await world.orphans(id)).toBe(0);
        }
      }
    },
    ROUNDS * 150_000,
  );

  it('refuses a worker that was stopped until another one took its run over', async () => {
    const { id } = await world.register();
    const { id: other } = await world.register();
    const first = await request(id);
    const zombie = await worker([id, other], { generation: 1, pauseMs: 2 });
    await until(
      async () =>
        (await world.sql('SELECT FROM dataset_versions WHERE data_source_id = $1', [id])).length > 0,
      'the first worker writes',
      RESTART_MS,
    );
    zombie.kill('SIGSTOP');
    const second = await worker([id, other], { generation: 2, pauseMs: 0 });
    expect(await world.ended(first, RESTART_MS)).toBe('succeeded');
    await kill(second, 'SIGTERM');
    const before = await served(id);
    expect(before.names).toBe(expected(2));
    zombie.kill('SIGCONT');
    // It lives and works: the run that it has lost would be stored by now, if it could.
    expect(await world.ended(await request(other), RESTART_MS)).toBe('succeeded');
    expect(await served(id)).toEqual(before);
    expect(await world.orphans(id)).toBe(0);
    expect(await world.orphans(other)).toBe(0);
    await kill(zombie);
  }, 90_000);

  /** A job as a worker holds it that was given this token, at so many attempts. */
  const hold = async (runId: string, token: number, attempt = token): Promise<Job> => {
    const [row] = await world.sql<{ id: string }>(
      `UPDATE jobs SET state = 'running', token = $2, attempts = $3, lease_until = now() + interval '1 hour'
       WHERE ref_id = $1 RETURNING id`,
      [runId, token, attempt],
    );
    return { id: row?.id ?? '', kind: 'discovery', orgId: world.orgId, refId: runId, token, attempt };
  };
  it('waits no longer than a lease for a worker that was frozen inside a transaction', async () => {
    const { id } = await world.register();
    const runId = await request(id);
    const job = await hold(runId, 1);
    await world.sql(`UPDATE jobs SET lease_until = now() WHERE ref_id = $1`, [runId]);
    let state = '';
    const frozen = api.get(Database).inOrg(world.orgId, async (tx) => {
      await api.get(Jobs).fence(tx, job);
      await worker([id], { generation: 1, pauseMs: 0 });
      state = await world.ended(runId, TAKEN_OVER_MS);
      await tx.query('SELECT 1');
    });
    await expect(frozen).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(state).toBe('succeeded');
  }, 60_000);

  const rowOf = (name: string) => {
    const row = toRow(table('a', name), undefined);
    if (!row) throw new Error('no row');
    return row;
  };
  const reading: Reading = {
    state: 'succeeded',
    read: [{ name: 'a', status: 'complete' }],
    scopes: [{ name: 'a', status: 'complete' }],
    changes: { added: 1, changed: 0, removed: 0, unchanged: 0 },
    renewed: 0,
    token: null,
    coverage: '',
    origin: 'place 1',
  };

  it('stores nothing under a stale token, and a late discard takes nothing of another', async () => {
    const { id } = await world.register();
    const store = api.get(CatalogStore);
    const commits = api.get(SnapshotCommits);
    const runId = await request(id);
    const stale = await store.begin(await hold(runId, 1), id);
    await store.write(stale, [rowOf('stale')]);
    const job = await hold(runId, 2);
    const count = async (): Promise<number> =>
      (await world.sql('SELECT FROM dataset_versions WHERE data_source_id = $1', [id])).length;
    await expect(store.write(stale, [rowOf('late')])).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(commits.commit(stale, reading)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await count()).toBe(1);
    const fresh = await store.begin(job, id);
    expect(await count()).toBe(0);
    await store.write(fresh, [rowOf('fresh')]);
    await store.discard(stale);
    expect(await count()).toBe(1);
    const served1 = await commits.commit(fresh, reading);
    await store.discard(fresh);
    expect(await count()).toBe(1);
    expect(await served(id)).toMatchObject({
      snapshot: served1,
      names: expect.stringContaining('fresh') as unknown,
    });
    await expect(commits.commit(fresh, reading)).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('gives up a run that ends its workers again and again', async () => {
    const { id } = await world.register();
    const runId = await request(id);
    const store = api.get(CatalogStore);
    const attempt = await store.begin(await hold(runId, 3), id);
    await store.write(attempt, [rowOf('half')]);
    await world.sql(`UPDATE jobs SET lease_until = now() - interval '1 s' WHERE ref_id = $1`, [runId]);
    const child = await worker([id], { generation: 1, pauseMs: 0 });
    expect(await world.ended(runId, RESTART_MS)).toBe('failed');
    expect(await runs.get(world.orgId, id, runId)).toMatchObject({
      error: { code: 'ATTEMPTS_EXHAUSTED', retryable: false },
    });
    expect(await world.orphans(id)).toBe(0);
    await until(
      async () => (await world.sql('SELECT FROM jobs WHERE ref_id = $1', [runId])).length === 0,
      'the job is gone',
    );
    await kill(child);
  }, 60_000);

  it('leaves nothing of a run whose worker is dead when it is cancelled', async () => {
    const { id } = await world.register();
    const runId = await request(id);
    const store = api.get(CatalogStore);
    const attempt = await store.begin(await hold(runId, 1), id);
    await store.write(attempt, [rowOf('half')]);
    await runs.cancel(actor, id, runId);
    expect(await world.orphans(id)).toBe(0);
    await expect(store.write(attempt, [rowOf('more')])).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('reads 100,000 tables, 170 MB of text, in a heap of 128 MB', async () => {
    const { id } = await world.register();
    const child = await worker([id], { generation: 1, pauseMs: 0, tables: 100_000 }, [
      '--max-old-space-size=128',
    ]);
    const runId = await request(id);
    expect(await world.ended(runId, 240_000)).toBe('succeeded');
    expect(await runs.get(world.orgId, id, runId)).toMatchObject({ attempt: 1, changes: { added: 100_000 } });
    await kill(child, 'SIGTERM');
  }, 300_000);

  it('goes on after the product database has dropped every connection', async () => {
    const module = await world.start('worker');
    const { id, source } = await world.register();
    source.set(
      'a',
      Array.from({ length: 1_000 }, (_, n) => table('a', `t${String(n)}`)),
    );
    const gate = new Gate(700);
    source.before = gate.before;
    const runId = await request(id);
    await until(() => gate.reached, 'the source is read', RESTART_MS);
    await world.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    gate.open();
    expect(await world.ended(runId, RESTART_MS)).toBe('succeeded');
    expect(await world.orphans(id)).toBe(0);
    expect((await served(id)).names.split('\n')).toHaveLength(1_001);
    await module.close();
  }, 60_000);
});
