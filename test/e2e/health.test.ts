import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { HealthView } from '../../src/health/health.dto.js';
import { startApp, type TestApp } from '../support/app.js';
import { makeDatabase, type TestDatabase } from '../support/postgresql-database.js';
import { queryOnce } from '../support/product-database.js';
import { servers } from '../support/servers.js';
import { createSource, readSource, settled } from '../support/sources.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let app: TestApp;
let database: TestDatabase;
let proxy: TcpProxy;
let id: string;
let names = 0;

beforeAll(async () => {
  app = await startApp();
  database = await makeDatabase(await servers.postgres());
}, 120_000);

beforeEach(async () => {
  proxy = await TcpProxy.start(await servers.postgres());
  const made = await createSource(app, `watched ${String(++names)}`, {
    ...database.connection,
    ...proxy.address,
  });
  id = made.id;
  expect(await settled(app, id)).toMatchObject({ status: 'active' });
});

afterEach(async () => {
  await app.call('DELETE', `/data-sources/${id}?force=true`);
  await proxy.stop();
});

afterAll(async () => {
  await app.stop();
  await database.drop();
});

const sql = <Row>(text: string): Promise<Row[]> => queryOnce<Row>(app.database.superuserUrl, text, [id]);

async function health(query = ''): Promise<HealthView> {
  const { status, body } = await app.call('GET', `/data-sources/${id}/health${query}`, { as: 'viewer' });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body as HealthView;
}

async function checks(): Promise<number> {
  const [row] = await sql<{ n: number }>(
    'SELECT count(*)::int AS n FROM health_checks WHERE data_source_id = $1',
  );
  return row?.n ?? 0;
}

const makeDue = (): Promise<unknown[]> =>
  sql(`UPDATE schedules SET next_run_at = now() WHERE kind = 'probe' AND data_source_id = $1`);

/** Has the source checked once more and waits until the result is stored. */
async function check(): Promise<void> {
  const before = await checks();
  await makeDue();
  await until(async () => (await checks()) > before, 'one more check is stored', 20_000);
}

async function untilStatus(status: string): Promise<void> {
  await until(async () => (await readSource(app, id)).status === status, `the source is ${status}`, 20_000);
}

/** Waits until the watch has come by and left the source alone. */
async function untilPassedBy(): Promise<void> {
  await makeDue();
  await until(async () => {
    const [row] = await sql<{ due: boolean }>(
      `SELECT next_run_at <= now() AS due FROM schedules WHERE kind = 'probe' AND data_source_id = $1`,
    );
    return row?.due === false;
  }, 'the schedule has moved on');
}

describe('a source is watched', () => {
  test('and its checks show in its health and in the metrics', async () => {
    await check();
    await check();
    const view = await health();
    expect(view).toMatchObject({
      data_source_id: id,
      state: 'healthy',
      status: 'active',
      needs_user_action: false,
      last_check: { outcome: 'ok', code: null, message: null },
      uptime: { h24: { ratio: 1, checks: 2, failures: 0 } },
      score: { value: 100 },
      history: { bucket: 'raw', items: [{ outcome: 'ok' }, { outcome: 'ok' }], has_more: false },
      recommendations: [],
    });
    expect(view.latency.h24.p50).toBeGreaterThan(0);
    expect(Date.parse(view.next_check_at ?? '')).toBeGreaterThan(Date.now());
    const { body } = await app.call('GET', '/data-sources/metrics');
    expect(body).toHaveProperty('checks.sources_by_state.healthy');
    const text = await (await fetch(app.metricsUrl)).text();
    expect(text).toMatch(/^datawave_health_checks_total\{outcome="ok",code=""\} [1-9]/m);
  });

  test('down and back: unreachable after three failures, active after two good checks', async () => {
    await check();
    proxy.mode = 'reset';
    await check();
    await check();
    expect(await readSource(app, id)).toMatchObject({ status: 'active' });
    await check();
    await untilStatus('inactive');
    expect(await health()).toMatchObject({
      state: 'unreachable',
      needs_user_action: false,
      last_check: { outcome: 'failed', code: 'UNREACHABLE' },
      recommendations: [{ code: 'check_reachability', severity: 'critical' }],
      history: { items: [{}, {}, { code: 'UNREACHABLE' }, { outcome: 'ok' }] },
    });
    proxy.mode = 'pass';
    await check();
    await check();
    await untilStatus('active');
    expect((await health('?outcome=failed')).history.items).toHaveLength(3);
  });

  test('a password that changed: one login, then none until a person acts', async () => {
    await check();
    await database.run(`ALTER ROLE ${database.username} PASSWORD 'another one'`);
    proxy.mode = 'reset';
    proxy.mode = 'pass';
    await check();
    await untilStatus('failed');
    expect(await health()).toMatchObject({
      state: 'misconfigured',
      needs_user_action: true,
      next_check_at: null,
      last_check: { code: 'AUTH_FAILED' },
      recommendations: [{ code: 'mend_configuration' }],
    });
    const dials = proxy.dials;
    await untilPassedBy();
    await untilPassedBy();
    expect(proxy.dials).toBe(dials);
    await app.call('PATCH', `/data-sources/${id}/credentials`, { body: { password: 'another one' } });
    await untilStatus('active');
    await check();
    expect(await health()).toMatchObject({ state: 'healthy', last_check: { outcome: 'ok' } });
    const { password } = database.connection;
    await database.run(`ALTER ROLE ${database.username} PASSWORD '${String(password)}'`);
  });

  test('a frozen source costs its deadline, and its sessions serve again when it thaws', async () => {
    await app.call('PATCH', `/data-sources/${id}`, { body: { health: { timeout_ms: 1_000 } } });
    await check();
    proxy.mode = 'frozen';
    const from = performance.now();
    await check();
    expect(performance.now() - from).toBeLessThan(5_000);
    const [last] = (await health()).history.items;
    expect(last).toMatchObject({ outcome: 'failed', code: 'TIMEOUT' });
    proxy.mode = 'pass';
    await check();
    expect(await health()).toMatchObject({ last_check: { outcome: 'ok' } });
  });

  test('not while it is paused; again once it is resumed', async () => {
    await check();
    await app.call('POST', `/data-sources/${id}/pause`, { body: { reason: 'Moving house.' } });
    const before = await checks();
    await untilPassedBy();
    expect(await health()).toMatchObject({ state: 'suspended', next_check_at: null });
    expect(await checks()).toBe(before);
    await app.call('POST', `/data-sources/${id}/resume`);
    await settled(app, id);
    await check();
    expect(await health()).toMatchObject({ state: 'healthy' });
  });

  test('and takes its history along when it is deleted for good', async () => {
    await check();
    await app.call('DELETE', `/data-sources/${id}?force=true`);
    const [left] = await sql<{ n: number }>(
      `SELECT (SELECT count(*) FROM health_states WHERE data_source_id = $1)::int
         + (SELECT count(*) FROM health_hours WHERE data_source_id = $1)::int AS n`,
    );
    expect([left?.n, await checks()]).toEqual([0, 0]);
  });
});

describe('GET health refuses', () => {
  test.each([
    ['?bucket=week', 'bucket'],
    ['?limit=501', 'limit'],
    ['?limit=0x10', 'limit'],
    ['?outcome=fine', 'outcome'],
    ['?from=yesterday', 'from'],
    ['?cursor=%00', 'cursor'],
    ['?colour=red', 'colour'],
  ])('%s, and names the parameter', async (query, parameter) => {
    const { status, body } = await app.call('GET', `/data-sources/${id}/health${query}`);
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { code: 'VALIDATION_FAILED', errors: [{ parameter }] },
    });
  });

  test('whoever belongs to another organization, like an id that nobody has', async () => {
    const foreign = await app.call('GET', `/data-sources/${id}/health`, {
      orgId: '0198c0de-2222-7000-8000-000000000002',
    });
    expect(foreign).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });
});

test('the process says that it lives and that it is ready', async () => {
  const [live, ready] = await Promise.all(
    ['live', 'ready'].map((word) => fetch(`${app.url}/health/${word}`)),
  );
  expect([live?.status, await live?.json()]).toEqual([200, { status: 'live' }]);
  expect([ready?.status, await ready?.json()]).toEqual([200, { status: 'ready' }]);
  expect(ready?.headers.get('cache-control')).toBe('no-store');
});
