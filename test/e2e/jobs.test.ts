import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import type { AppError } from '../../src/common/app-error.js';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { JobsModule } from '../../src/platform/jobs/jobs.module.js';
import { Jobs, type Job } from '../../src/platform/jobs/jobs.service.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';
import { TelemetryModule } from '../../src/platform/telemetry/telemetry.module.js';
import { makeProductDatabase, queryOnce, type ProductDatabase } from '../support/product-database.js';
import { until } from '../support/until.js';

const orgId = randomUUID();
let product: ProductDatabase;
const processes: TestingModule[] = [];

beforeAll(async () => {
  product = await makeProductDatabase();
}, 120_000);
afterEach(async () => {
  for (const process of processes.splice(0)) await process.close();
  await sql('DELETE FROM jobs');
});
afterAll(() => product.drop());

const sql = <Row>(text: string, params: readonly unknown[] = []): Promise<Row[]> =>
  queryOnce<Row>(product.superuserUrl, text, params);

/** What a worker did with its jobs, and how a test answers for it. */
class Worker {
  readonly ran: Job[] = [];
  readonly abandoned: { readonly job: Job; readonly fault: AppError }[] = [];
  work: (job: Job, signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  private constructor(readonly module: TestingModule) {}

  static async start(): Promise<Worker> {
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: product.ownerUrl,
      APP_SECRET: 'app-0123456789abcdef0123456789abcdef0123',
      JWT_SECRET: 'jwt-0123456789abcdef0123456789abcdef0123',
      LOG_LEVEL: 'silent',
    });
    const imports = [ConfigModule.with(config), TelemetryModule, DatabaseModule, JobsModule];
    const module = await Test.createTestingModule({ imports }).compile();
    module.enableShutdownHooks();
    await module.init();
    processes.push(module);
    const worker = new Worker(module);
    module.get(Jobs).handle('test', {
      concurrency: 4,
      run: (job, signal) => {
        worker.ran.push(job);
        return worker.work(job, signal);
      },
      abandon: (job, fault) => {
        worker.abandoned.push({ job, fault });
        return Promise.resolve();
      },
    });
    return worker;
  }

  add(refId: string): Promise<void> {
    const ref = { kind: 'test', orgId, refId } as const;
    return this.module.get(Database).inOrg(orgId, (tx) => this.module.get(Jobs).add(tx, ref));
  }

  fence(job: Job): Promise<void> {
    return this.module.get(Database).inOrg(orgId, (tx) => this.module.get(Jobs).fence(tx, job));
  }
}

interface JobRow {
  readonly state: string;
  readonly token: number;
  readonly attempts: number;
}
const rows = (refId: string): Promise<JobRow[]> =>
  sql('SELECT state, token, attempts FROM jobs WHERE ref_id = $1', [refId]);
const gone = (refId: string): Promise<void> =>
  until(async () => (await rows(refId)).length === 0, 'the job is done', 20_000);
/** Ends the pause before the next try. */
const hurry = (refId: string): Promise<unknown[]> =>
  sql(`UPDATE jobs SET run_at = now() WHERE ref_id = $1 AND state = 'queued'`, [refId]);

/** Work that goes on until it is let go. */
function held() {
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => (release = resolve));
  return { done, release };
}

test('work that is asked for while it runs is done again, under a token that was never given before', async () => {
  const worker = await Worker.start();
  const refId = randomUUID();
  const [first, second] = [held(), held()];
  worker.work = () => (worker.ran.length === 1 ? first.done : second.done);
  await worker.add(refId);
  await until(() => worker.ran.length === 1, 'it runs');
  await worker.add(refId);
  first.release();
  await until(() => worker.ran.length === 2, 'it runs again', 20_000);
  const [before, after] = worker.ran as [Job, Job];
  expect(after.id).toBe(before.id);
  expect(after.token).toBeGreaterThan(before.token);
  expect([before.attempt, after.attempt]).toEqual([1, 1]);
  // A worker that was frozen in the first round must not store in the second one.
  await expect(worker.fence(before)).rejects.toMatchObject({ code: 'CANCELLED' });
  await worker.fence(after);
  second.release();
  await gone(refId);
});

test('work that fails at every try is given up, with a code of its own', async () => {
  const worker = await Worker.start();
  const refId = randomUUID();
  worker.work = () => Promise.reject(new Error('on purpose'));
  await worker.add(refId);
  await until(
    async () => {
      await hurry(refId);
      return worker.abandoned.length > 0;
    },
    'it is given up',
    20_000,
  );
  await gone(refId);
  expect(worker.ran.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(worker.abandoned).toMatchObject([
    { job: { refId, attempt: 4 }, fault: { code: 'ATTEMPTS_EXHAUSTED', retryable: false } },
  ]);
  const text = await worker.module.get(Metrics).registry.metrics();
  expect(text).toContain('datawave_jobs_given_up_total{kind="test"} 1');
});

test('whoever asks anew gets all tries anew, at once', async () => {
  const worker = await Worker.start();
  const refId = randomUUID();
  worker.work = () => Promise.reject(new Error('on purpose'));
  await worker.add(refId);
  await until(
    async () => {
      await sql(
        `UPDATE jobs SET run_at = CASE attempts WHEN 1 THEN now() ELSE now() + interval '1 hour' END
         WHERE ref_id = $1 AND state = 'queued' AND attempts > 0`,
        [refId],
      );
      return (await rows(refId)).some(({ state, attempts }) => state === 'queued' && attempts === 2);
    },
    'two tries failed',
    20_000,
  );
  worker.work = () => Promise.resolve();
  await worker.add(refId);
  await gone(refId);
  expect(worker.ran.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);
  expect(new Set(worker.ran.map(({ token }) => token)).size).toBe(3);
});

test('work that fails after it was asked for anew is done again without a pause', async () => {
  const worker = await Worker.start();
  const refId = randomUUID();
  const first = held();
  worker.work = async () => {
    if (worker.ran.length > 1) return;
    await first.done;
    throw new Error('on purpose');
  };
  await worker.add(refId);
  await until(() => worker.ran.length === 1, 'it runs');
  await worker.add(refId);
  first.release();
  await gone(refId);
  expect(worker.ran.map(({ attempt }) => attempt)).toEqual([1, 1]);
});

test('a stop costs no try, and its token is not given again', async () => {
  const worker = await Worker.start();
  const refId = randomUUID();
  worker.work = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  await worker.add(refId);
  await until(() => worker.ran.length === 1, 'it runs');
  await worker.module.close();
  processes.splice(processes.indexOf(worker.module), 1);
  expect(await rows(refId)).toEqual([{ state: 'queued', token: 1, attempts: 0 }]);
  const next = await Worker.start();
  await gone(refId);
  expect(next.ran).toMatchObject([{ token: 2, attempt: 1 }]);
  const [stopped] = worker.ran as [Job];
  await expect(next.fence(stopped)).rejects.toMatchObject({ code: 'CANCELLED' });
});
