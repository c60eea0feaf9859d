import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { createSource, postgresConnection } from '../support/sources.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let app: TestApp;
let proxy: TcpProxy;
let connection: Record<string, unknown>;
let silent: Record<string, unknown>;

beforeAll(async () => {
  connection = await postgresConnection();
});

beforeEach(async () => {
  app = await startApp();
  proxy = await TcpProxy.start({ host: String(connection.host), port: Number(connection.port) });
  proxy.mode = 'silent';
  silent = { ...connection, port: proxy.port };
});

afterEach(async () => {
  await proxy.stop();
});

describe('a stop in the middle of the first test of a source', () => {
  it('hands the test on: it is no verdict about the source', async () => {
    const source = await createSource(app, 'tested during a stop', silent);
    await until(() => proxy.open > 0, 'the test has dialled');
    const client = new pg.Client({ connectionString: app.database.superuserUrl });
    await client.connect();
    try {
      await app.app.close();
      const { rows } = await client.query('SELECT status FROM data_sources WHERE id = $1', [source.id]);
      expect(rows).toEqual([{ status: 'testing' }]);
      const jobs = await client.query('SELECT state FROM jobs WHERE ref_id = $1', [source.id]);
      expect(jobs.rows).toEqual([{ state: 'queued' }]);
    } finally {
      await client.end();
      await app.database.drop();
    }
  });
});
