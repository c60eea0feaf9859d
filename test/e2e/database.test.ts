import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Test, type TestingModule } from '@nestjs/testing';
import { ConfigModule } from '../../src/platform/config/config.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { DatabaseModule } from '../../src/platform/database/database.module.js';
import { Database } from '../../src/platform/database/database.service.js';
import { makeProductDatabase, type ProductDatabase } from '../support/product-database.js';

let product: ProductDatabase;
let module: TestingModule;
let database: Database;
const org = randomUUID();

beforeAll(async () => {
  product = await makeProductDatabase();
  const secret = 'app-0123456789abcdef0123456789abcdef0123';
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: product.ownerUrl,
    APP_SECRET: secret,
    JWT_SECRET: secret,
  });
  module = await Test.createTestingModule({
    imports: [ConfigModule.with(config), DatabaseModule],
  }).compile();
  database = module.get(Database);
}, 120_000);

afterAll(async () => {
  await module.close();
  await product.drop();
});

test('what waits for a commit hears of it afterwards, and of a rollback never', async () => {
  const heard: string[] = [];
  await database.inOrg(org, (tx) => {
    Database.afterCommit(tx, () => heard.push('first'));
    Database.afterCommit(tx, () => heard.push('second'));
    expect(heard).toEqual([]);
    return Promise.resolve();
  });
  await expect(
    database.inOrg(org, (tx) => {
      Database.afterCommit(tx, () => heard.push('never'));
      return Promise.reject(new Error('rolled back'));
    }),
  ).rejects.toThrow('rolled back');
  expect(heard).toEqual(['first', 'second']);
});

test('a sweep runs under the role of the queues, for its own statement alone', async () => {
  const role = `SELECT current_user AS role, current_setting('app.org_id', true) AS org`;
  // More than the pool has connections: whatever one sweep left behind another one or a read would meet.
  for (let round = 0; round < 3; round++) {
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0 ? database.sweep(role) : database.readInOrg(org, role),
      ),
    );
    expect(seen.filter((_, i) => i % 2 === 0)).toEqual(
      Array.from({ length: 20 }, () => [{ role: 'datawave_scheduler', org: '' }]),
    );
    expect(seen.filter((_, i) => i % 2 === 1)).toEqual(
      Array.from({ length: 20 }, () => [{ role: 'datawave_app', org }]),
    );
  }
});

test('a sweep that fails leaves a connection that works, and reaches no other table', async () => {
  for (let i = 0; i < 30; i++)
    await expect(database.sweep('SELECT * FROM credentials')).rejects.toMatchObject({ code: '42501' });
  expect(await database.sweep('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await database.readInOrg(org, 'SELECT current_user AS role')).toEqual([{ role: 'datawave_app' }]);
});

test('a transaction that the server rolls back in a deadlock runs again', async () => {
  let arrived = 0;
  let open = (): void => undefined;
  const both = new Promise<void>((resolve) => (open = resolve));
  let runs = 0;
  const lock = (first: number, second: number): Promise<number> =>
    database.inOrg(org, async (tx) => {
      runs++;
      await tx.query('SELECT pg_advisory_xact_lock($1)', [first]);
      if (++arrived === 2) open();
      await both;
      await tx.query('SELECT pg_advisory_xact_lock($1)', [second]);
      return first;
    });
  expect(await Promise.all([lock(71, 72), lock(72, 71)])).toEqual([71, 72]);
  expect(runs).toBe(3);
});
