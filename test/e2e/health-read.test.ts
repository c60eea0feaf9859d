import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { systemActor } from '../../src/common/actor.js';
import { DataSourcesService } from '../../src/data-sources/data-sources.service.js';
import type { DataSourceFacts } from '../../src/data-sources/data-sources.types.js';
import { HealthInstruments } from '../../src/health/health-instruments.js';
import { HealthPruner } from '../../src/health/health-pruner.service.js';
import { HealthQuery, type HealthBucketView, type HealthCheckView } from '../../src/health/health.dto.js';
import { HealthService } from '../../src/health/health.service.js';
import { LATENCY_BUCKETS, latencyBucket } from '../../src/health/latency-histogram.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';

const org = randomUUID();
const HOUR = 3_600_000;
let database: ProductDatabase;
let module: TestingModule;
let id: string;
let facts: DataSourceFacts;

const asSuperuser = <Row>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(database.superuserUrl, sql, params);

const read = (query: Partial<HealthQuery> = {}) =>
  module.get(HealthService).get(systemActor(org, 'test'), id, Object.assign(new HealthQuery(), query));

/** Hours before this one: `count` checks each, of which `failures` failed, all observed. */
async function fillHours(hours: readonly number[], { count = 60, failures = 0, ms = 2 } = {}): Promise<void> {
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  latency[latencyBucket(ms)] = count - failures;
  const down = Math.round((HOUR * failures) / count);
  await asSuperuser(
    `INSERT INTO health_hours (org_id, data_source_id, hour, checks, failures, inconclusive, flips, up_ms, down_ms,
       duration_ms, latency)
     SELECT $1, $2, date_trunc('hour', now(), 'UTC') - make_interval(hours => h), $4, $5, 0, 0, $6, $7, $8, $9
     FROM unnest($3::int[]) h`,
    [org, id, hours, count, failures, HOUR - down, down, ms * (count - failures), latency],
  );
}

/** Checks every minute, the newest a minute ago. */
async function fillChecks(outcomes: readonly string[]): Promise<void> {
  await asSuperuser(
    `INSERT INTO health_checks (org_id, data_source_id, at, outcome, code, duration_ms)
     SELECT $1, $2, date_trunc('milliseconds', now()) - make_interval(mins => i::int), outcome,
       CASE WHEN outcome = 'failed' THEN 'TIMEOUT' END, i
     FROM unnest($3::text[]) WITH ORDINALITY AS o(outcome, i)`,
    [org, id, outcomes],
  );
}

const hoursAgo = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

beforeAll(async () => {
  database = await makeProductDatabase();
  const secret = 'app-0123456789abcdef0123456789abcdef0123';
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.ownerUrl,
    APP_SECRET: secret,
    JWT_SECRET: secret,
    LOG_LEVEL: 'silent',
  });
  module = await Test.createTestingModule({
    imports: [ConfigModule.with(config), TelemetryModule, DatabaseModule],
    providers: [
      { provide: DataSourcesService, useValue: { facts: () => Promise.resolve(facts) } },
      HealthInstruments,
      HealthService,
      HealthPruner,
    ],
  }).compile();
  await module.init();
}, 120_000);

beforeEach(async () => {
  id = randomUUID();
  facts = {
    orgId: org,
    id,
    status: 'active',
    paused: false,
    reason: { code: 'OK', message: '', user_action: false, since: '2026-01-31T08:00:00.000Z' },
    health: { interval_s: 60, timeout_ms: 10_000, unhealthy_threshold: 3, healthy_threshold: 2 },
  } as DataSourceFacts;
  await asSuperuser(
    `INSERT INTO data_sources
       (id, org_id, name, type, category, connection, destination, pool, discovery, health, status, created_by)
     VALUES ($1, $2, $1::uuid::text, 'postgresql', 'sql', '{}', 'x', '{}', '{}', '{}', 'active', 'test')`,
    [id, org],
  );
  await asSuperuser(
    `INSERT INTO schedules (kind, data_source_id, org_id, interval_s, next_run_at)
     VALUES ('probe', $1, $2, 60, '2030-01-01T00:00:00Z')`,
    [id, org],
  );
});

afterEach(async () => {
  await asSuperuser('DELETE FROM data_sources');
});

afterAll(async () => {
  await module.close();
  await database.drop();
});

async function addState(outcome = 'ok', code: string | null = null): Promise<void> {
  await asSuperuser(
    `INSERT INTO health_states (org_id, data_source_id, verdict, since, successes, failures, last_check_at, last_outcome,
       last_code, last_message, last_duration_ms, last_ok_at, covers_ms)
     VALUES ($1, $2, 'healthy', now(), 1, 0, now(), $3, $4, 'Said so.', 1.5, now(), 120000)`,
    [org, id, outcome, code],
  );
}

describe('GET health', () => {
  test('a source that was never checked has nothing to tell, and says so', async () => {
    const view = await read();
    expect(view).toMatchObject({
      data_source_id: id,
      state: 'healthy',
      status: 'active',
      since: '2026-01-31T08:00:00.000Z',
      last_check: null,
      next_check_at: '2030-01-01T00:00:00.000Z',
      score: { value: null },
      uptime: { h24: { ratio: null, observed: 0, checks: 0, failures: 0 } },
      latency: { d30: { p50: null, p95: null, p99: null } },
      history: { bucket: 'raw', items: [], next_cursor: null, has_more: false },
      recommendations: [],
    });
  });

  test('uptime and latency come from the hours of each window', async () => {
    await addState();
    await fillHours(hoursAgo(1, 20), { ms: 2 });
    await fillHours(hoursAgo(30, 100), { ms: 8, failures: 6 });
    await fillHours(hoursAgo(200, 500), { ms: 32 });
    const { uptime, latency, score, last_check } = await read();
    expect(uptime.h24).toMatchObject({ ratio: 1, checks: 1_200, failures: 0 });
    expect(uptime.h24.observed).toBeGreaterThan(0.8);
    expect(uptime.h24.observed).toBeLessThan(0.9);
    expect(uptime.d7).toMatchObject({ checks: 91 * 60, failures: 71 * 6 });
    expect(uptime.d7.ratio).toBeCloseTo(1 - 7.1 / 91, 2);
    expect(uptime.d30.checks).toBe((91 + 301) * 60);
    expect(Math.abs((latency.h24.p50 ?? 0) - 2)).toBeLessThan(0.5);
    expect(Math.abs((latency.d30.p95 ?? 0) - 32)).toBeLessThan(6);
    expect(score.value).toBeGreaterThan(50);
    expect(score.parts.map(({ name }) => name)).toEqual(['availability', 'latency', 'stability', 'errors']);
    expect(last_check).toMatchObject({ outcome: 'ok', code: null, message: 'Said so.', duration_ms: 1.5 });
  });

  test('a fault that a person must mend is told with what to do', async () => {
    await addState('failed', 'AUTH_FAILED');
    facts = { ...facts, status: 'failed', reason: { ...facts.reason, user_action: true } };
    expect(await read()).toMatchObject({
      state: 'misconfigured',
      needs_user_action: true,
      next_check_at: null,
      recommendations: [{ code: 'mend_configuration', severity: 'critical' }],
    });
  });

  test('what is paused or in maintenance is suspended', async () => {
    facts = { ...facts, status: 'inactive', paused: true };
    expect(await read()).toMatchObject({ state: 'suspended', next_check_at: null });
    facts = { ...facts, status: 'maintenance', paused: false };
    expect(await read()).toMatchObject({ state: 'suspended', next_check_at: null });
  });
});

describe('the history', () => {
  test('pages through checks, newest first, without a gap or a repetition', async () => {
    await addState();
    await fillChecks(Array.from({ length: 25 }, () => 'ok'));
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const { history } = await read({ limit: 10, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...(history.items as HealthCheckView[]).map(({ duration_ms }) => duration_ms));
      cursor = history.next_cursor ?? undefined;
      expect(history.has_more).toBe(cursor !== undefined);
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  });

  test('can be narrowed by outcome and time', async () => {
    await addState();
    await fillChecks(['ok', 'failed', 'ok', 'failed', 'ok']);
    const failed = await read({ outcome: 'failed' });
    expect(failed.history.items).toMatchObject([
      { outcome: 'failed', code: 'TIMEOUT', duration_ms: 2 },
      { outcome: 'failed', code: 'TIMEOUT', duration_ms: 4 },
    ]);
    const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();
    const { history } = await read({ from: ago(3.5), to: ago(1.5) });
    expect(history.items).toMatchObject([{ duration_ms: 2 }, { duration_ms: 3 }]);
  });

  test('comes by hour and by day', async () => {
    await addState();
    await fillHours(hoursAgo(1, 60), { failures: 6 });
    const first = (await read({ bucket: 'hour', limit: 50 })).history;
    expect(first.items).toHaveLength(50);
    const [newest] = first.items as HealthBucketView[];
    expect(newest).toMatchObject({ uptime: { ratio: 0.9, observed: 1, checks: 60, failures: 6 } });
    expect(Date.parse(newest?.to ?? '') - Date.parse(newest?.from ?? '')).toBe(HOUR);
    const { history: rest } = await read({ bucket: 'hour', limit: 50, cursor: first.next_cursor ?? '' });
    expect(rest).toMatchObject({ next_cursor: null });
    expect(rest.items).toHaveLength(10);

    const { history: days } = await read({ bucket: 'day' });
    const items = days.items as HealthBucketView[];
    expect(items.reduce((sum, { uptime }) => sum + uptime.checks, 0)).toBe(60 * 60);
    expect(items.every(({ from }) => from.endsWith('T00:00:00.000Z'))).toBe(true);
    const { history: oneDay } = await read({ bucket: 'day', limit: 1 });
    expect(oneDay.items).toEqual(items.slice(0, 1));
    const { history: next } = await read({ bucket: 'day', limit: 1, cursor: oneDay.next_cursor ?? '' });
    expect(next.items).toEqual(items.slice(1, 2));
  });

  test.each([
    [{ bucket: 'hour' as const, outcome: 'ok' as const }, 'outcome'],
    [{ from: '2026-01-31T09:00:00Z', to: '2026-01-31T08:00:00Z' }, 'from'],
    [{ cursor: 'rubbish' }, 'cursor'],
    [{ cursor: Buffer.from('["x"]').toString('base64url') }, 'cursor'],
    [{ cursor: Buffer.from('[1e300]').toString('base64url') }, 'cursor'],
  ])('refuses what does not fit: %j', async (query, parameter) => {
    await expect(read(query)).rejects.toMatchObject({
      code: 'VALIDATION_FAILED',
      details: { errors: [{ parameter }] },
    });
  });
});

describe('pruning', () => {
  test('deletes what is outdated and nothing else, for every organization', async () => {
    await addState();
    await fillChecks(Array.from({ length: 5_000 }, () => 'ok'));
    await fillHours([1, 24 * 34, 24 * 36, 24 * 40]);
    const [before] = await asSuperuser<{ n: number }>(
      `SELECT count(*)::int AS n FROM health_checks WHERE at < now() - interval '48 hours'`,
    );
    expect(before?.n).toBeGreaterThan(2_000);
    expect(await module.get(HealthPruner).prune()).toBe((before?.n ?? 0) + 2);
    const [after] = await asSuperuser<{ checks: number; hours: number }>(
      'SELECT (SELECT count(*)::int FROM health_checks) AS checks, (SELECT count(*)::int FROM health_hours) AS hours',
    );
    expect(after).toEqual({ checks: 5_000 - (before?.n ?? 0), hours: 2 });
  });
});
