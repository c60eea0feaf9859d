import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as uuid } from 'uuid';
import { ApiContract } from '../support/api-contract.js';
import { startApp, type TestApp } from '../support/app.js';
import { servers } from '../support/servers.js';
import { until } from '../support/until.js';

interface View {
  readonly id: string;
  readonly status: string;
}
interface Run {
  readonly run_id: string;
  readonly state: string;
}

describe('what the API answers is what openapi.json says', () => {
  let app: TestApp;
  let api: ApiContract;
  /** Takes connections and says nothing. */
  const silent = createServer((socket) => void socket.on('error', () => undefined).resume());
  let connection: Record<string, unknown>;
  const made: Record<string, string> = {};

  beforeAll(async () => {
    app = await startApp();
    api = new ApiContract(app);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { host, port, username, password } = await servers.postgres();
    connection = { type: 'postgresql', host, port, database: 'postgres', username, password };
    const folder = join(app.config.filesRoot, app.orgId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'orders.csv'), 'id,total\n1,2.50\n2,3.75\n');
  });

  afterAll(async () => {
    await app.stop();
    silent.close();
  });

  const create = async (name: string, body: object): Promise<string> => {
    const { status, body: view } = await api.call('POST', '/data-sources', { body: { name, ...body } });
    expect(status).toBe(201);
    const { id } = view as View;
    await until(
      async () => ((await app.call('GET', `/data-sources/${id}`)).body as View).status !== 'testing',
      'the test ends',
      20_000,
    );
    return (made[name] = id);
  };
  const at = (name: string, rest = ''): string => `/data-sources/${made[name] ?? ''}${rest}`;
  const get = async (path: string, status = 200): Promise<unknown> => {
    const answer = await api.call('GET', path);
    expect(answer.status).toBe(status);
    return answer.body;
  };

  it('for sources that work, and for one that does not', async () => {
    await create('orders', { connection: { type: 'csv', file_path: 'orders.csv' } });
    await create('shop', {
      connection: { ...connection, tls: { mode: 'disable' } },
      tags: ['a'],
      owner_id: 'me',
    });
    await create('broken', { connection: { ...connection, tls: { mode: 'disable' }, password: 'wrong' } });
    await create('old', { storage_file_id: 'orders.csv', connection: { type: 'csv' } });
    for (const name of ['shop', 'broken', 'orders']) await get(at(name));
    await get('/data-sources?limit=1');
    await get('/data-sources?status=failed&sort=name');
    const { headers } = await api.call('GET', at('orders'));
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await api.call('GET', at('orders'), { headers: known })).status).toBe(304);
  });

  it('for types and tests', async () => {
    await get('/data-sources/types');
    await get('/data-sources/types/postgresql');
    for (const name of ['shop', 'broken', 'orders']) await api.call('POST', at(name, '/test'));
    await api.call('POST', '/data-sources/test', { body: { connection: { ...connection, database: 'no' } } });
    const tls = { mode: 'disable' };
    await api.call('POST', '/data-sources/test', { body: { connection: { ...connection, tls } } });
  });

  it('for discovery', async () => {
    await get(at('broken', '/schemas'));
    for (const name of ['shop', 'orders']) {
      const { body } = await api.call('POST', at(name, '/discover-schema'), { body: { mode: 'full' } });
      const run = at(name, `/discovery-runs/${(body as Run).run_id}`);
      await api.call('GET', `${run}/events`);
      expect(await get(run)).toMatchObject({ state: 'succeeded' });
      await get(at(name, '/discovery-runs'));
      const { headers } = await api.call('GET', at(name, '/schemas'));
      const known = { 'if-none-match': headers.get('etag') ?? '' };
      expect((await api.call('GET', at(name, '/schemas'), { headers: known })).status).toBe(304);
      await get(at(name, '/schemas/diff?from=0'));
      await api.call('DELETE', run);
    }
    const { body } = await app.call('POST', '/data-sources', {
      body: { name: 'silent', connection: { ...connection, port: (silent.address() as AddressInfo).port } },
    });
    const { id } = body as View;
    const started = await api.call('POST', `/data-sources/${id}/discover-schema`);
    expect(started.status).toBe(202);
    const { run_id: runId } = started.body as Run;
    expect((await api.call('DELETE', `/data-sources/${id}/discovery-runs/${runId}`)).status).toBe(200);
    const waited = { headers: { prefer: 'wait=20' } };
    expect((await api.call('POST', at('shop', '/discover-schema'), waited)).status).toBe(200);
  });

  it('for health, metrics, the audit log and the probes', async () => {
    for (const bucket of ['raw', 'hour', 'day']) await get(at('shop', `/health?bucket=${bucket}`));
    await get(at('broken', '/health'));
    await get('/data-sources/metrics');
    await get('/audit-events?limit=200');
    await get('/health/live');
    await get('/health/ready');
  });

  it('for keys', async () => {
    const keys = '/organization/keys';
    await get(keys);
    expect((await api.call('POST', `${keys}/rotate`)).status).toBe(202);
    const state = async (): Promise<string> => (await app.call('GET', keys)).text;
    await until(async () => (await state()).includes('"succeeded"'), 'the rotation succeeds');
    await get(keys);
    await api.call('POST', `${keys}/rewrap`);
    await api.call('DELETE', `${keys}/2`);
    await api.call('DELETE', `${keys}/x`);
    expect((await api.call('DELETE', `${keys}/1`)).status).toBe(204);
    await get(keys);
  });

  it('for the egress policy', async () => {
    const path = '/organization/egress-policy';
    await get(path);
    const put = (body: object) => api.call('PUT', path, { body });
    expect((await put({ mode: 'allow_list', allow: ['127.0.0.0/8'] })).status).toBe(200);
    expect((await put({ mode: 'allow_list', allow: ['169.254.169.254', 'a b'] })).status).toBe(422);
    expect((await put({ mode: 'allow_list' })).status).toBe(422);
    expect((await put({ mode: 'deployment', version: 7 })).status).toBe(409);
    await get(path);
    for (const host of ['127.0.0.1', '8.8.8.8', '169.254.169.254'])
      expect((await api.call('POST', `${path}/check`, { body: { host, port: 1 } })).status).toBe(200);
    expect((await put({ mode: 'deployment' })).status).toBe(200);
  });

  it('for files', async () => {
    const { url } = (await get(at('orders', '/file-url'))) as { url: string };
    expect(await get(new URL(url).pathname)).toContain('2.50');
    await get(at('shop', '/file-url'), 409);
    await get('/files/nonsense', 404);
  });

  it('for changes, and for what is refused', async () => {
    const { password } = connection;
    const patch = (name: string, body: object, headers = {}): Promise<unknown> =>
      api.call('PATCH', at(name), { body, headers });
    await patch('shop', { description: 'x' }, { 'content-type': 'application/merge-patch+json' });
    await patch('shop', { description: 'y' }, { 'if-match': '"v1"' });
    await patch('shop', { connection: { host: 'elsewhere.example' } });
    await patch('old', { storage_file_id: 'orders.csv' });
    await api.call('PATCH', at('shop', '/credentials'), { body: { password } });
    await api.call('PATCH', at('shop', '/credentials'), { body: { password: 'wrong' } });
    const until = '2099-01-01T00:00:00Z';
    await api.call('POST', at('shop', '/pause'), { body: { reason: 'r', until } });
    await api.call('POST', at('shop', '/discover-schema'));
    await api.call('POST', at('shop', '/resume'));
    await api.call('POST', at('shop', '/resume'));
    await api.call('POST', at('shop', '/maintenance'), { body: { until } });
    await api.call('POST', at('shop', '/retry'));
    await api.call('POST', at('broken', '/retry'));
    await api.call('DELETE', at('shop'));
    await get(at('shop'), 404);
    await get('/data-sources?include_deleted=true');
    await api.call('POST', at('shop', '/restore'));
    await api.call('DELETE', at('shop', '?force=true'));
    await api.call('POST', '/data-sources', { body: { name: 'orders', connection: {} } });
    await api.call('POST', '/data-sources', { body: '{"name":' });
    await api.call('GET', '/data-sources', { token: 'a.b.c' });
    await api.call('GET', `/data-sources/${uuid()}`);
    await api.call('DELETE', at('orders'), { as: 'viewer' });
  });

  it('and no operation is left out', () => {
    const missing = ApiContract.operations().filter(
      ({ operationId }) => ![...api.seen].some((seen) => seen.startsWith(`${operationId} 2`)),
    );
    expect(missing.map(({ operationId }) => operationId)).toEqual([]);
  });
});
