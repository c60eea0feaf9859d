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

describe('sources that accept and never speak', () => {
  afterEach(() => app.stop());

  it('hold up neither the test nor the discovery of a healthy one', async () => {
    proxy.mode = 'pass';
    const frozen: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { id } = await createSource(app, `frozen ${String(i)}`, silent);
      await settled(app, id);
      await app.call('POST', `/data-sources/${id}/discover-schema`, {
        body: { mode: 'full' },
        headers: { prefer: 'wait=20' },
      });
      frozen.push(id);
    }
    proxy.mode = 'frozen';
    const ask = (id: string, wait = 'wait=0') =>
      app.call('POST', `/data-sources/${id}/discover-schema`, {
        body: { mode: 'full' },
        headers: { prefer: wait },
      });
    const runs: string[] = [];
    for (const id of frozen) {
      const { run_id: run } = (await ask(id)).body as { run_id: string };
      runs.push(`/data-sources/${id}/discovery-runs/${run}`);
    }
    const states = () =>
      Promise.all(runs.map(async (run) => ((await app.call('GET', run)).body as { state: string }).state));
    // The later ones do not wait for the end of the first ones, which takes half a minute.
    await until(
      async () => (await states()).every((state) => state === 'running'),
      'all of them run',
      20_000,
    );
    for (let i = 0; i < 40; i++) await createSource(app, `silent ${String(i)}`, silent);
    const healthy = await createSource(app, 'healthy', connection);
    expect(await settled(app, healthy.id)).toMatchObject({ status: 'active' });
    expect(await ask(healthy.id, 'wait=25')).toMatchObject({ status: 200, body: { state: 'succeeded' } });
  });
});
