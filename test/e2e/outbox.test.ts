import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { EventsModule } from '../../src/platform/events/events.module.js';
import { Events } from '../../src/platform/events/events.service.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

const orgId = randomUUID();
let product: ProductDatabase;
let module: TestingModule;
let handled: string[];
let failing: boolean;

beforeAll(async () => {
  product = await makeProductDatabase();
}, 120_000);
beforeEach(async () => {
  handled = [];
  failing = true;
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: product.ownerUrl,
    APP_SECRET: 'app-0123456789abcdef0123456789abcdef0123',
    JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
    LOG_LEVEL: 'silent',
  });
  const imports = [ConfigModule.with(config), TelemetryModule, DatabaseModule, JobsModule, EventsModule];
  module = await Test.createTestingModule({ imports }).compile();
  module.enableShutdownHooks();
  await module.init();
  const events = module.get(Events);
  events.on('bad', ({ dataSourceId }) => {
    if (failing) return Promise.reject(new Error('on purpose'));
    handled.push(dataSourceId);
    return Promise.resolve();
  });
  events.on('good', ({ dataSourceId }) => {
    handled.push(dataSourceId);
    return Promise.resolve();
  });
});
afterEach(async () => {
  await module.close();
  await sql('DELETE FROM outbox');
});
afterAll(() => product.drop());

const sql = <Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(product.superuserUrl, text, params);

/** Emits so many events in one transaction, and gives back what they are about. */
async function emit(type: 'bad' | 'good' | 'slow', count = 1): Promise<string[]> {
  const ids = Array.from({ length: count }, () => randomUUID());
  await module.get(Database).inOrg(orgId, async (tx) => {
    for (const dataSourceId of ids) await module.get(Events).emit(tx, { type, orgId, dataSourceId });
  });
  return ids;
}

interface OutboxRow {
  readonly attempts: number;
  readonly pause_s: number;
  readonly dead: boolean;
}
const rows = (): Promise<OutboxRow[]> =>
  sql(
    `SELECT attempts, extract(epoch FROM next_attempt_at - now())::float AS pause_s, dead_at IS NOT NULL AS dead
     FROM outbox ORDER BY id`,
  );
const untilTried = (attempts: number): Promise<void> =>
  until(
    async () => (await rows()).every((row) => row.attempts >= attempts),
    `${String(attempts)} tries failed`,
    20_000,
  );

test('events that keep failing stand in the way of no other', async () => {
  await emit('bad', 120);
  const [good] = await emit('good');
  await until(() => handled.length > 0, 'the good one is handled', 20_000);
  expect(handled).toEqual([good]);
  await untilTried(1);
  expect(await rows()).toHaveLength(120);
});

test('an event that failed is tried again after a pause that grows, and goes once it works', async () => {
  const [id] = await emit('bad');
  await untilTried(1);
  const [first] = await rows();
  await sql('UPDATE outbox SET attempts = 7, next_attempt_at = now()');
  await untilTried(8);
  const [eighth] = await rows();
  expect(first?.pause_s).toBeLessThan(10);
  expect(eighth?.pause_s).toBeGreaterThan(60);
  failing = false;
  await sql('UPDATE outbox SET next_attempt_at = now()');
  await until(async () => (await rows()).length === 0, 'it is handled', 20_000);
  expect(handled).toEqual([id]);
});

test('a stop leaves in the outbox what was not handed out yet', async () => {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const events = module.get(Events);
  const begun: string[] = [];
  events.on('slow', ({ dataSourceId }) => {
    begun.push(dataSourceId);
    return gate;
  });
  const ids = await emit('slow', 3);
  await until(() => begun.length > 0, 'the first one is handled', 20_000);
  const stopped = events.beforeApplicationShutdown();
  release();
  await stopped;
  expect(begun).toEqual(ids.slice(0, 1));
  expect(await rows()).toMatchObject([{ attempts: 0 }, { attempts: 0 }]);
});

test('an event that fails at its last try stays as dead, and is counted', async () => {
  await emit('bad');
  await untilTried(1);
  await sql('UPDATE outbox SET attempts = 14, next_attempt_at = now()');
  await untilTried(15);
  expect(await rows()).toMatchObject([{ attempts: 15, dead: true }]);
  const text = await module.get(Metrics).registry.metrics();
  expect(text).toContain('datawave_outbox_dead_events_total{type="bad"} 1');
  failing = false;
  await sql('UPDATE outbox SET next_attempt_at = now()');
  const [good] = await emit('good');
  await until(() => handled.length > 0, 'others are handled', 20_000);
  expect(handled).toEqual([good]);
  expect(await rows()).toMatchObject([{ attempts: 15, dead: true }]);
});
