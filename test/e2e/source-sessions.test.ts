import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { postgresConnection, readSource, settled, type SourceView } from '../support/sources.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let app: TestApp;
let proxy: TcpProxy;
let connection: Record<string, unknown>;
let id: string;
let names = 0;

beforeAll(async () => {
  app = await startApp();
  connection = await postgresConnection();
});

beforeEach(async () => {
  proxy = await TcpProxy.start({ host: String(connection.host), port: Number(connection.port) });
  // Nothing that the product does by itself may open a session meanwhile.
  const { status, body } = await app.call('POST', '/data-sources', {
    body: {
      name: `source ${String(++names)}`,
      connection: { ...connection, ...proxy.address },
      discovery: { auto_refresh: false },
      health: { interval_s: 86_400 },
    },
  });
  expect(status).toBe(201);
  ({ id } = body as SourceView);
  expect((await settled(app, id)).status).toBe('active');
  await until(() => proxy.open === 0, 'the test has hung up');
});

afterEach(async () => {
  await app.call('DELETE', `/data-sources/${id}?force=true`);
  await proxy.stop();
});

afterAll(() => app.stop());

const discover = (wait: number) =>
  app.call('POST', `/data-sources/${id}/discover-schema`, {
    body: { mode: 'full' },
    headers: { prefer: `wait=${String(wait)}` },
  });
const read = async (): Promise<void> =>
  expect(await discover(30)).toMatchObject({ status: 200, body: { state: 'succeeded' } });

describe('sessions to a source', () => {
  it('stay while its connection stays, whatever else changes', async () => {
    await read();
    const { dials } = proxy;
    expect(proxy.open).toBe(1);
    const path = `/data-sources/${id}`;
    expect((await app.call('PATCH', path, { body: { description: 'told' } })).status).toBe(200);
    await read();
    expect(proxy.dials).toBe(dials);
    expect((await app.call('POST', `${path}/retry`)).status).toBe(200);
    expect((await settled(app, id)).status).toBe('active');
    await read();
    // The one more is that of the test.
    expect(proxy.dials).toBe(dials + 1);
  });

  it('take other pool settings while they are open', async () => {
    await read();
    const { dials } = proxy;
    const patched = await app.call('PATCH', `/data-sources/${id}`, {
      body: { pool: { size: 2, max_size: 4 } },
    });
    expect(patched).toMatchObject({ status: 200, body: { pool: { size: 2, min_size: 0, max_size: 4 } } });
    const pool = async (): Promise<unknown> =>
      (
        (await app.call('GET', '/data-sources/metrics')).body as { pools: { data_source_id: string }[] }
      ).pools.find(({ data_source_id }) => data_source_id === id);
    await read();
    expect(await pool()).toMatchObject({ size: 2, open: 1, resizes: 1, created: 1 });
    expect(proxy.dials).toBe(dials);
    expect(await app.call('PATCH', `/data-sources/${id}`, { body: { pool: { size: 9 } } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/pool/max_size' }] },
    });
  });

  it('end with its connection', async () => {
    await read();
    expect(proxy.open).toBe(1);
    const elsewhere = { host: 'localhost', password: connection.password };
    const patched = await app.call('PATCH', `/data-sources/${id}`, { body: { connection: elsewhere } });
    expect(patched.status).toBe(200);
    expect((await settled(app, id)).status).toBe('active');
    await until(() => proxy.open === 0, 'the idle session is closed');
    await read();
  });

  it('end when it is paused', async () => {
    await read();
    expect(proxy.open).toBe(1);
    await app.call('POST', `/data-sources/${id}/pause`);
    await until(() => proxy.open === 0, 'the idle session is closed');
    expect(await readSource(app, id)).toMatchObject({ status_reason: { code: 'PAUSED' } });
  });

  it('are not opened any further when it is paused', async () => {
    proxy.mode = 'silent';
    const asked = await discover(0);
    expect(asked.status).toBe(202);
    await until(() => proxy.open > 0, 'a session is being opened');
    await app.call('POST', `/data-sources/${id}/pause`);
    // Long before the time for an opening is over.
    await until(() => proxy.open === 0, 'nothing is opened any more');
    const { run_id: run } = asked.body as { run_id: string };
    const state = async (): Promise<unknown> =>
      ((await app.call('GET', `/data-sources/${id}/discovery-runs/${run}`)).body as { state: string }).state;
    await until(async () => (await state()) !== 'running', 'the run ends');
    expect(await state()).toBe('cancelled');
  });
});
