import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { ScheduleModule } from '@nestjs/schedule';
import { Test, type TestingModule } from '@nestjs/testing';
import { systemActor } from '../../src/common/actor.js';
import { AppError, type ErrorCode } from '../../src/common/app-error.js';
import { DataSourcesService } from '../../src/data-sources/data-sources.service.js';
import type {
  DataSourceFacts,
  SourceRef,
  SourceStatus,
  Verdict,
} from '../../src/data-sources/data-sources.types.js';
import { ProbesService } from '../../src/data-sources/probes.service.js';
import { CheckWriter } from '../../src/health/check-writer.service.js';
import { HealthInstruments } from '../../src/health/health-instruments.js';
import { HealthMetrics } from '../../src/health/health-metrics.service.js';
import { HealthPruner } from '../../src/health/health-pruner.service.js';
import { HealthWatch } from '../../src/health/health-watch.service.js';
import { HealthService } from '../../src/health/health.service.js';
import { HealthQuery } from '../../src/health/health.dto.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

type Answer = 'ok' | 'silent' | ErrorCode;

/** Sources as the module below would give them, answering as a test tells. */
class World {
  readonly facts = new Map<string, DataSourceFacts>();
  readonly answers = new Map<string, Answer>();
  readonly probed: string[] = [];
  readonly verdicts: { ref: SourceRef; verdict: Verdict }[] = [];
  running = 0;
  mostRunning = 0;
  readonly twice = new Set<string>();
  private readonly now = new Set<string>();

  readonly sources = {
    facts: (orgId: string, id: string): Promise<DataSourceFacts> => {
      const facts = this.facts.get(id);
      return facts?.orgId === orgId
        ? Promise.resolve(facts)
        : Promise.reject(AppError.notFound('data source'));
    },
    recordProbe: (ref: SourceRef, verdict: Verdict): Promise<SourceStatus> => {
      this.verdicts.push({ ref, verdict });
      const status = { healthy: 'active', unreachable: 'inactive', misconfigured: 'failed' } as const;
      this.setStatus(ref.dataSourceId, status[verdict.outcome]);
      return Promise.resolve(status[verdict.outcome]);
    },
  };

  readonly probes = {
    run: async ({ dataSourceId: id }: SourceRef, { signal }: { signal: AbortSignal }) => {
      if (this.now.has(id)) this.twice.add(id);
      this.now.add(id);
      this.mostRunning = Math.max(this.mostRunning, ++this.running);
      try {
        return await this.answer(id, signal);
      } finally {
        this.now.delete(id);
        this.running--;
        this.probed.push(id);
      }
    },
  };

  setStatus(id: string, status: SourceStatus, paused = false): void {
    const facts = this.facts.get(id);
    if (!facts) return;
    const reason = { ...facts.reason, since: new Date().toISOString(), user_action: status === 'failed' };
    this.facts.set(id, { ...facts, status, paused, reason });
  }

  setTimeout(id: string, ms: number): void {
    const facts = this.facts.get(id);
    if (facts) this.facts.set(id, { ...facts, health: { ...facts.health, timeout_ms: ms } });
  }

  probesOf(id: string): number {
    return this.probed.filter((each) => each === id).length;
  }

  private async answer(id: string, signal: AbortSignal) {
    const answer = this.answers.get(id) ?? 'ok';
    if (answer === 'silent')
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      );
    await new Promise((resolve) => setImmediate(resolve));
    const ok = answer === 'ok';
    return {
      outcome: ok ? 'ok' : 'failed',
      duration_ms: 1.5,
      steps: [ok ? { status: 'passed' } : { status: 'failed', code: answer, message: 'It did not work.' }],
    };
  }
}

const org = randomUUID();
let database: ProductDatabase;
let world: World;
const processes: TestingModule[] = [];

async function start(role: 'worker' | 'api' = 'worker'): Promise<TestingModule> {
  const config = loadConfig({
    NODE_ENV: 'test',
    ROLE: role,
    DATABASE_URL: database.ownerUrl,
    APP_SECRET: 'app-0123456789abcdef0123456789abcdef0123',
    JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
    LOG_LEVEL: 'silent',
  });
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.with(config),
      TelemetryModule,
      DatabaseModule,
      JobsModule,
      ScheduleModule.forRoot(),
    ],
    providers: [
      { provide: DataSourcesService, useValue: world.sources },
      { provide: ProbesService, useValue: world.probes },
      HealthInstruments,
      CheckWriter,
      HealthWatch,
      HealthPruner,
      HealthService,
      HealthMetrics,
    ],
  }).compile();
  await module.init();
  processes.push(module);
  return module;
}

const asSuperuser = <Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(database.superuserUrl, sql, params);

/** Registers sources that are due at once and again every `intervalS` seconds. */
async function register(count: number, intervalS = 5, orgId = org): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await asSuperuser(
    `INSERT INTO data_sources
       (id, org_id, name, type, category, connection, destination, pool, discovery, health, status, created_by)
     SELECT id, $2, id::text, 'postgresql', 'sql', '{}', 'x', '{}', '{}', '{}', 'active', 'test' FROM unnest($1::uuid[]) id`,
    [ids, orgId],
  );
  for (const id of ids) {
    world.facts.set(id, {
      orgId,
      id,
      status: 'active',
      paused: false,
      revision: 1,
      reason: {
        code: 'OK',
        message: '',
        user_action: false,
        since: new Date(Date.now() - 1_000).toISOString(),
      },
      health: { interval_s: intervalS, timeout_ms: 1_000, unhealthy_threshold: 3, healthy_threshold: 2 },
    } as DataSourceFacts);
  }
  await asSuperuser(
    `INSERT INTO schedules (kind, data_source_id, org_id, interval_s, next_run_at)
     SELECT 'probe', id, $2, $3, now() FROM unnest($1::uuid[]) id`,
    [ids, orgId, intervalS],
  );
  return ids;
}

const dueNow = (ids: readonly string[]): Promise<unknown[]> =>
  asSuperuser('UPDATE schedules SET next_run_at = now() WHERE data_source_id = ANY($1)', [ids]);

interface StateRow {
  readonly verdict: string;
  readonly successes: number;
  readonly failures: number;
  readonly last_code: string | null;
}

const stateOf = async (id: string): Promise<StateRow | undefined> =>
  (await asSuperuser<StateRow>('SELECT * FROM health_states WHERE data_source_id = $1', [id]))[0];

async function checksOf(ids: readonly string[]): Promise<number> {
  const sql = 'SELECT count(*)::int AS n FROM health_checks WHERE data_source_id = ANY($1)';
  return (await asSuperuser<{ n: number }>(sql, [ids]))[0]?.n ?? 0;
}

/** Has a source checked once more and waits for the result. */
async function checkAgain(id: string): Promise<void> {
  const before = await checksOf([id]);
  await dueNow([id]);
  await until(async () => (await checksOf([id])) === before + 1, 'one more check is stored');
}

beforeAll(async () => {
  database = await makeProductDatabase();
}, 120_000);

afterEach(async () => {
  await Promise.all(processes.splice(0).map((module) => module.close()));
  await asSuperuser('DELETE FROM data_sources');
});

afterAll(async () => {
  await database.drop();
});

describe('the watch', () => {
  test('checks what is due and stores state, hour and history in batches', async () => {
    world = new World();
    const ids = await register(300, 3_600);
    await start();
    await until(async () => (await checksOf(ids)) === 300, 'all checks are stored', 10_000);
    expect(await stateOf(ids[0] ?? '')).toMatchObject({ verdict: 'healthy', successes: 1, failures: 0 });
    const [hours] = await asSuperuser(
      'SELECT count(*)::int AS rows, sum(checks)::int AS checks, count(DISTINCT xmin::text)::int AS transactions FROM health_hours',
    );
    expect(hours).toMatchObject({ rows: 300, checks: 300 });
    expect((hours as { transactions: number }).transactions).toBeLessThan(30);
    expect(world.mostRunning).toBeLessThanOrEqual(64);
  });

  test('several processes share the sources: each is checked once, never twice at once', async () => {
    world = new World();
    const ids = await register(500, 3_600);
    await Promise.all([start(), start(), start(), start('api')]);
    await until(async () => (await checksOf(ids)) >= 500, 'all checks are stored', 15_000);
    expect(world.probed).toHaveLength(500);
    expect(new Set(world.probed).size).toBe(500);
    expect(world.twice.size).toBe(0);
  });

  test('sources that never answer delay no other', async () => {
    world = new World();
    const silent = await register(200, 3_600);
    silent.forEach((id) => world.answers.set(id, 'silent'));
    await start();
    await until(() => world.running >= 100, 'silent sources are being checked');
    const quick = await register(100, 3_600);
    await until(() => quick.every((id) => world.probed.includes(id)), 'the others are checked', 4_000);
    await until(
      async () => (await checksOf(silent)) === 200,
      'the silent ones end at their deadline',
      10_000,
    );
    expect(await stateOf(silent[0] ?? '')).toMatchObject({ last_code: 'TIMEOUT', failures: 1 });
  });

  test('follows the thresholds, backs off while a source is down and takes it back', async () => {
    world = new World();
    const [id = ''] = await register(1, 60);
    world.answers.set(id, 'UNREACHABLE');
    await start();
    await until(async () => (await checksOf([id])) === 1, 'the first check');
    await checkAgain(id);
    expect(world.verdicts).toEqual([]);
    await checkAgain(id);
    await until(() => world.verdicts.length === 1, 'the verdict is reported');
    expect(world.verdicts[0]?.verdict).toMatchObject({ outcome: 'unreachable', code: 'UNREACHABLE' });
    await checkAgain(id);
    await checkAgain(id);
    const [next] = await asSuperuser<{ s: number }>(
      'SELECT extract(epoch FROM next_run_at - now())::float8 AS s FROM schedules WHERE data_source_id = $1',
      [id],
    );
    expect(next?.s).toBeGreaterThan(200);
    world.answers.set(id, 'ok');
    await checkAgain(id);
    await checkAgain(id);
    await until(() => world.verdicts.length === 2, 'the recovery is reported');
    expect(world.verdicts[1]?.verdict).toEqual({ outcome: 'healthy' });
  });

  test('a wrong password is reported at once and never tried again by itself', async () => {
    world = new World();
    const [id = ''] = await register(1, 60);
    world.answers.set(id, 'AUTH_FAILED');
    await start();
    await until(() => world.verdicts.length === 1, 'the verdict is reported');
    expect(world.verdicts[0]?.verdict.outcome).toBe('misconfigured');
    const [other = ''] = await register(1, 60);
    await dueNow([id]);
    await until(async () => (await checksOf([other])) === 1, 'another source, due later, is checked');
    expect(world.probesOf(id)).toBe(1);
  });

  test('leaves alone what is paused, in maintenance, under test or gone', async () => {
    world = new World();
    const [paused = '', maintained = '', tested = '', gone = '', well = ''] = await register(5, 60);
    world.setStatus(paused, 'inactive', true);
    world.setStatus(maintained, 'maintenance');
    world.setStatus(tested, 'testing');
    world.facts.delete(gone);
    await start();
    await until(async () => (await checksOf([well])) === 1, 'the other is checked');
    expect(world.probed).toEqual([well]);
  });

  test('a source that is deleted while it is checked takes no other result with it', async () => {
    world = new World();
    const ids = await register(50, 3_600);
    const [gone = ''] = ids;
    const { run } = world.probes;
    world.probes.run = async (ref, options) => {
      const result = await run(ref, options);
      if (ref.dataSourceId === gone) await asSuperuser('DELETE FROM data_sources WHERE id = $1', [gone]);
      return result;
    };
    await start();
    await until(async () => (await checksOf(ids)) === 49, 'the others are stored');
    expect(await stateOf(gone)).toBeUndefined();
  });

  test('a stop ends running checks and stores what is known', async () => {
    world = new World();
    const [silent = '', ...quick] = await register(40, 3_600);
    world.setTimeout(silent, 60_000);
    world.answers.set(silent, 'silent');
    const module = await start();
    await until(() => world.probed.length === 39, 'the others are checked');
    processes.splice(0);
    await module.close();
    expect(world.running).toBe(0);
    expect(await checksOf(quick)).toBe(39);
    expect(await checksOf([silent])).toBe(0);
  });

  test('organizations do not mix', async () => {
    world = new World();
    const other = randomUUID();
    const [mine = ''] = await register(1, 60);
    const [theirs = ''] = await register(1, 60, other);
    const module = await start();
    await until(async () => (await checksOf([mine, theirs])) === 2, 'both are checked');
    const health = module.get(HealthService);
    const query = new HealthQuery();
    await expect(health.get(systemActor(org, 'test'), theirs, query)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect((await health.get(systemActor(other, 'test'), theirs, query)).history.items).toHaveLength(1);
    const figures = await module.get(HealthMetrics).forOrganization(org);
    expect(figures).toEqual({
      checks_24h: 1,
      failures_24h: 0,
      average_latency_ms: 1.5,
      sources_by_state: { healthy: 1, unreachable: 0, misconfigured: 0 },
    });
  });
});
