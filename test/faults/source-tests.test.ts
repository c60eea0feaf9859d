import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { createSource, postgresConnection, settled } from '../support/sources.js';
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

describe('new credentials', () => {
  afterEach(() => app.stop());

  it('T09: keeps new secrets from a place that the source was moved to while they were tested', async () => {
    proxy.mode = 'pass';
    const source = await createSource(app, 'moved', silent);
    await settled(app, source.id);
    proxy.mode = 'frozen';
    const before = proxy.dials;
    const change = app.call('PATCH', `/data-sources/${source.id}/credentials`, {
      body: { password: connection.password },
    });
    await until(() => proxy.dials > before, 'the new secrets are tested');
    const moved = await app.call('PATCH', `/data-sources/${source.id}`, {
      body: { connection: { port: connection.port, password: 'another' } },
    });
    expect(moved.status).toBe(200);
    proxy.mode = 'pass';
    expect(await change).toMatchObject({ status: 422, body: { code: 'CREDENTIALS_REENTRY_REQUIRED' } });
    // Would be active with the secret of the refused request.
    expect(await settled(app, source.id)).toMatchObject({ status: 'failed' });
  });
});
