import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { Jobs } from '../../src/platform/jobs/jobs.service.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { findProgram, freePort, ServerProcess } from '../servers/server-process.js';
import { startRedis } from '../servers/redis.js';
import type { RedisTestServer, Running } from '../servers/server-types.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';
import { describeOn } from '../support/servers.js';
import { until } from '../support/until.js';

let database: ProductDatabase;
let redis: Running<RedisTestServer>;
let folder: string;
const processes: TestingModule[] = [];
const org = randomUUID();

async function start(role: 'api' | 'worker', redisUrl = urlOf(redis.server)): Promise<TestingModule> {
  const secret = 'app-0123456789abcdef0123456789abcdef0123';
  const config = loadConfig({
    NODE_ENV: 'test',
    ROLE: role,
    DATABASE_URL: database.ownerUrl,
    REDIS_URL: redisUrl,
    APP_SECRET: secret,
    JWT_SECRET: secret,
    LOG_LEVEL: 'silent',
  });
  const module = await Test.createTestingModule({
    imports: [ConfigModule.with(config), TelemetryModule, DatabaseModule, JobsModule.with(config)],
  }).compile();
  await module.init();
  processes.push(module);
  return module;
}

function urlOf({ host, port, password }: RedisTestServer): string {
  return `redis://default:${password}@${host}:${String(port)}/0`;
}

/** Does the jobs of a process and keeps when each one began. */
function work(module: TestingModule): Map<string, number> {
  const done = new Map<string, number>();
  module.get(Jobs).handle('discovery', {
    concurrency: 4,
    run: ({ refId }) => {
      done.set(refId, performance.now());
      return Promise.resolve();
    },
    abandon: () => Promise.resolve(),
  });
  return done;
}

/** Adds a job as a request does; gives back its id and how long that took. */
async function add(module: TestingModule): Promise<{ refId: string; from: number; ms: number }> {
  const refId = randomUUID();
  const from = performance.now();
  await module
    .get(Database)
    .inOrg(org, (tx) => module.get(Jobs).add(tx, { kind: 'discovery', orgId: org, refId }));
  return { refId, from, ms: performance.now() - from };
}

async function waitFor(done: ReadonlyMap<string, number>, refId: string, ms = 5_000): Promise<number> {
  await until(() => done.has(refId), 'the job is done', ms);
  return done.get(refId) ?? 0;
}

describeOn(['postgres', 'redis'], 'job signals through Redis', () => {
  beforeAll(async () => {
    database = await makeProductDatabase();
  }, 120_000);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'redis-signals-'));
    redis = await startRedis(folder);
  });

  afterEach(async () => {
    await Promise.all(processes.splice(0).map((module) => module.close()));
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  afterAll(async () => {
    await database.drop();
  });

  test('a worker wakes at once, and only one of them', async () => {
    const api = await start('api');
    const workers = [await start('worker'), await start('worker')];
    const done = workers.map(work);
    const first = await add(api);
    await until(() => done.some((each) => each.has(first.refId)), 'the first job is done');
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      const { refId, from } = await add(api);
      await until(() => done.some((each) => each.has(refId)), 'the job is done');
      waits.push((done.find((each) => each.has(refId))?.get(refId) ?? 0) - from);
    }
    // By the clock alone a job would wait half a second on average.
    waits.sort((a, b) => a - b);
    expect(waits[5]).toBeLessThan(250);
    expect(done.reduce((sum, each) => sum + each.size, 0)).toBe(11);
  });

  test('a job that is rolled back wakes nobody', async () => {
    const api = await start('api');
    const done = work(await start('worker'));
    await expect(
      api.get(Database).inOrg(org, async (tx) => {
        await api.get(Jobs).add(tx, { kind: 'discovery', orgId: org, refId: randomUUID() });
        throw new Error('rolled back');
      }),
    ).rejects.toThrow('rolled back');
    await waitFor(done, (await add(api)).refId);
    expect(done.size).toBe(1);
  });

  test('Redis killed and back empty: jobs go on, first by the clock, then by signals', async () => {
    const api = await start('api');
    const done = work(await start('worker'));
    await waitFor(done, (await add(api)).refId);
    const { port, password, pid } = redis.server;
    process.kill(pid, 'SIGKILL');
    const during = await add(api);
    expect(during.ms).toBeLessThan(2_000);
    await waitFor(done, during.refId);

    const command = [findProgram('redis-server') ?? '', '--port', String(port), '--requirepass', password];
    const again = await ServerProcess.start([...command, '--save', ''], join(folder, 'again.log'));
    const client = new Redis(urlOf(redis.server), { maxRetriesPerRequest: null });
    try {
      await until(
        async () => {
          await waitFor(done, (await add(api)).refId);
          const sent = Number(await client.get('bull:datawave-jobs:id'));
          return sent > 0 && (await client.llen('bull:datawave-jobs:wait')) === 0;
        },
        'signals go through Redis again',
        20_000,
      );
    } finally {
      client.disconnect();
      await again.stop();
    }
  });

  test('Redis frozen: a request is not held up, a stop neither', async () => {
    const api = await start('api');
    const worker = await start('worker');
    const done = work(worker);
    await waitFor(done, (await add(api)).refId);
    process.kill(redis.server.pid, 'SIGSTOP');
    const during = await add(api);
    expect(during.ms).toBeLessThan(2_000);
    await waitFor(done, during.refId);
    const from = performance.now();
    await Promise.all(processes.splice(0).map((module) => module.close()));
    expect(performance.now() - from).toBeLessThan(5_000);
    process.kill(redis.server.pid, 'SIGCONT');
  });

  test('Redis absent from the start: processes start, work and stop', async () => {
    const nobody = `redis://127.0.0.1:${String(await freePort())}`;
    const api = await start('api', nobody);
    const done = work(await start('worker', nobody));
    const { refId, ms } = await add(api);
    expect(ms).toBeLessThan(2_000);
    await waitFor(done, refId);
  });
});
