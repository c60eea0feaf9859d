import { request as plainRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startApp, type TestApp } from '../support/app.js';
import { queryOnce } from '../support/product-database.js';
import { servers } from '../support/servers.js';
import { until } from '../support/until.js';

interface Run {
  readonly run_id: string;
  readonly state: string;
  readonly snapshot: number | null;
  readonly changes: Record<string, number> | null;
}
interface Page {
  readonly state: string;
  readonly snapshot: number;
  readonly discovered_at: string;
  readonly schemas: {
    readonly name: string;
    readonly datasets: { readonly name: string; readonly fields?: { name: string; type: string }[] }[];
  }[];
}

async function open(
  app: TestApp,
  path: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  const request = plainRequest(`${app.url}/api/v1${path}`, {
    headers: { authorization: `Bearer ${await app.token('viewer')}`, ...headers },
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('discovery over HTTP on PostgreSQL', () => {
  let app: TestApp;
  let shop: string;
  let id: string;

  beforeAll(async () => {
    app = await startApp();
    const server = await servers.postgres();
    shop = `shop_${String(Date.now())}`;
    const url = (database: string): string =>
      `postgres://${server.username}:${encodeURIComponent(server.password)}@${server.host}:${String(server.port)}/${database}`;
    await queryOnce(url('postgres'), `CREATE DATABASE ${shop}`);
    const client = new pg.Client({ connectionString: url(shop) });
    await client.connect();
    await client.query(`
      CREATE SCHEMA sales;
      CREATE TABLE sales.customers (id bigint PRIMARY KEY, email text NOT NULL UNIQUE);
      CREATE TABLE sales.orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES sales.customers,
        total numeric(12,2) NOT NULL DEFAULT 0, note text);
      CREATE VIEW sales.open_orders AS SELECT id, total FROM sales.orders;
      COMMENT ON TABLE sales.orders IS 'Orders of customers'`);
    await client.end();
    const made = await app.call('POST', '/data-sources', {
      body: {
        name: 'shop',
        connection: {
          type: 'postgresql',
          host: server.host,
          port: server.port,
          database: shop,
          username: server.username,
          password: server.password,
          tls: { mode: 'disable' },
        },
      },
    });
    expect(made.status).toBe(201);
    id = (made.body as { id: string }).id;
  });

  afterAll(async () => {
    await app.stop();
    const { host, port, username, password } = await servers.postgres();
    const url = `postgres://${username}:${encodeURIComponent(password)}@${host}:${String(port)}/postgres`;
    await queryOnce(url, `DROP DATABASE ${shop} WITH (FORCE)`);
  });

  const inShop = async (sql: string): Promise<void> => {
    const { host, port, username, password } = await servers.postgres();
    await queryOnce(
      `postgres://${username}:${encodeURIComponent(password)}@${host}:${String(port)}/${shop}`,
      sql,
    );
  };
  const path = (rest: string, source = id): string => `/data-sources/${source}/${rest}`;
  const discover = async (body: object, wait = '30'): Promise<Run> => {
    const answer = await app.call('POST', path('discover-schema'), {
      as: 'steward',
      body,
      headers: { prefer: `wait=${wait}` },
    });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body as Run;
  };

  it('discovers a source by itself once it is active', async () => {
    await until(
      async () => ((await app.call('GET', path('schemas'))).body as Page).state === 'discovered',
      'the first discovery ends',
      30_000,
    );
    const runs = (await app.call('GET', path('discovery-runs'))).body as { items: { trigger: string }[] };
    expect(runs.items).toMatchObject([
      { trigger: 'first', state: 'succeeded', requested_by: 'system:discovery' },
    ]);
  });

  it('serves schemas with an entity tag', async () => {
    const { status, headers, body } = await app.call('GET', path('schemas?schema=sales'), { as: 'viewer' });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    const [sales] = (body as Page).schemas;
    expect(sales?.datasets.map(({ name }) => name)).toEqual(['customers', 'open_orders', 'orders']);
    expect(sales?.datasets[2]).toMatchObject({
      kind: 'table',
      comment: 'Orders of customers',
      primary_key: { columns: ['id'] },
      foreign_keys: [{ columns: ['customer_id'], references: { schema: 'sales', dataset: 'customers' } }],
    });
    expect(sales?.datasets[2]?.fields?.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['customer_id', 'integer'],
      ['total', 'decimal'],
      ['note', 'string'],
    ]);
    const etag = headers.get('etag') ?? '';
    const known = await app.call('GET', path('schemas?schema=sales'), { headers: { 'if-none-match': etag } });
    expect(known).toMatchObject({ status: 304, text: '' });
    expect(known.headers.get('etag')).toBe(etag);
    const other = await app.call('GET', path('schemas?schema=sales&limit=1'), {
      headers: { 'if-none-match': etag },
    });
    expect(other.status).toBe(200);
    const again = await app.call('GET', path('schemas?schema=sales'), {
      headers: { 'if-none-match': `"x", ${etag}` },
    });
    expect(again.status).toBe(304);
  });

  it('answers 202 with the place of the run, and 200 where it ended within the wait', async () => {
    const asked = await app.call('POST', path('discover-schema'), { as: 'steward' });
    expect(asked.status).toBe(202);
    const { run_id } = asked.body as Run;
    expect(asked.headers.get('location')).toBe(`/api/v1/data-sources/${id}/discovery-runs/${run_id}`);
    expect(asked.headers.get('retry-after')).toBe('2');
    await until(
      async () =>
        ((await app.call('GET', path(`discovery-runs/${run_id}`))).body as Run).state === 'succeeded',
      'the run ends',
      20_000,
    );
    const waited = await app.call('POST', path('discover-schema'), {
      as: 'steward',
      body: { mode: 'full' },
      headers: { prefer: 'respond-async, wait=20' },
    });
    expect(waited.status).toBe(200);
    expect(waited.headers.get('preference-applied')).toBe('wait=20');
    expect(waited.body).toMatchObject({ state: 'succeeded', changes: { added: 0, changed: 0, removed: 0 } });
  });

  it('tells what changed', async () => {
    await inShop('ALTER TABLE sales.orders DROP COLUMN note, ADD COLUMN placed_on date');
    const run = await discover({});
    expect(run.changes).toMatchObject({ added: 0, changed: 1, removed: 0 });
    const { body } = await app.call('GET', path('schemas/diff'), { as: 'viewer' });
    expect(body).toMatchObject({
      to: run.snapshot,
      summary: { datasets_changed: 1 },
      changes: [
        { type: 'field_removed', schema: 'sales', dataset: 'orders', path: 'note', breaking: true },
        { type: 'field_added', path: 'placed_on', breaking: false },
      ],
    });
    const all = await app.call('GET', path('schemas/diff?from=0&limit=2'), { as: 'viewer' });
    expect(all.body).toMatchObject({
      from: 0,
      summary: { datasets_added: 3 },
      has_more: true,
      changes: [{ type: 'dataset_added' }, { type: 'dataset_added' }],
    });
    expect((await app.call('GET', path(`schemas/diff?from=${String(run.snapshot)}`))).status).toBe(422);
    expect((await app.call('GET', path('schemas/diff?from=77&to=78'))).status).toBe(404);
  });

  const watch = (runId: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
    open(app, path(`discovery-runs/${runId}/events`), headers);
  const read = async (response: IncomingMessage): Promise<string> => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(response, 'end');
    return text;
  };

  it('streams a run, and goes on after the last event that a client has', async () => {
    const asked = await app.call('POST', path('discover-schema'), { body: { mode: 'full' } });
    const { run_id } = asked.body as Run;
    const response = await watch(run_id);
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const text = await read(response);
    const states = [...text.matchAll(/^event: state\ndata: (.*)$/gm)].map(
      ([, data]) => (JSON.parse(data ?? '') as Run).state,
    );
    expect(states).toEqual(['queued', 'running', 'succeeded']);
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, event]) => Number(event));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    const later = await read(await watch(run_id, { 'last-event-id': '1' }));
    expect(later).not.toContain('"queued"');
    expect(later).toContain('"succeeded"');
    const done = await watch(run_id, { 'last-event-id': String(ids.at(-1)) });
    expect(done.statusCode).toBe(204);
    done.resume();
    const bad = await watch(run_id, { 'last-event-id': 'x' });
    expect(bad.statusCode).toBe(422);
    bad.resume();
  });

  it('refuses a source of a type that nothing can be discovered of, and queues no run', async () => {
    const made = await app.call('POST', '/data-sources', {
      body: { name: 'registered only', connection: { type: 'other', system: 'SAP R/3' } },
    });
    expect(made.status).toBe(201);
    const { id: registered } = made.body as { id: string };
    expect(await app.call('POST', path('discover-schema', registered), { as: 'steward' })).toMatchObject({
      status: 422,
      body: { code: 'UNSUPPORTED' },
    });
    expect(await app.call('GET', path('discovery-runs', registered))).toMatchObject({
      status: 200,
      body: { items: [] },
    });
  });

  it('refuses what is wrong in a request and names it', async () => {
    const post = (body: unknown) => app.call('POST', path('discover-schema'), { as: 'steward', body });
    expect((await post({ mode: 'selective' })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/include' }],
    });
    expect((await post({ include: ['a.*'] })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/include' }],
    });
    expect((await post({ mode: 'all' })).body).toMatchObject({ status: 422, errors: [{ pointer: '/mode' }] });
    expect((await post({ mode: 'selective', include: ['a\u0000'] })).body).toMatchObject({ status: 422 });
    expect((await post({ mode: 'selective', include: 'a' })).body).toMatchObject({ status: 422 });
    expect((await post({ nonsense: 1 })).body).toMatchObject({
      status: 422,
      errors: [{ pointer: '/nonsense' }],
    });
    expect(
      (await post({ mode: 'selective', include: Array.from({ length: 101 }, (_, n) => `a${String(n)}`) }))
        .status,
    ).toBe(422);
    const get = async (query: string): Promise<number> => (await app.call('GET', path(query))).status;
    for (const query of [
      'schemas?limit=0',
      'schemas?limit=1001',
      'schemas?limit=1e1',
      'schemas?snapshot=-1',
      'schemas?snapshot=99999999999',
      'schemas?kind=thing',
      'schemas?fields=a',
      'schemas?fields=kind&fields=kind',
      'schemas?cursor=x',
      'schemas?cursor=WyJhIiwxXQ&limit=1&nonsense=1',
      'schemas?q=%00',
      'schemas/diff?from=5&to=4',
      'schemas/diff?cursor=WzFd',
      'discovery-runs?cursor=WyJhIl0',
      'discovery-runs?limit=101',
      'discovery-runs/1',
    ])
      expect([query, await get(query)]).toEqual([query, query.includes('diff?from=5') ? 404 : 422]);
    expect(await get('schemas?snapshot=88')).toBe(404);
    expect((await app.call('POST', path('discover-schema'), { as: 'viewer' })).status).toBe(403);
  });

  it('is not there for another organization', async () => {
    const foreign = { orgId: '00000000-0000-7000-8000-000000000001' };
    const [run] = ((await app.call('GET', path('discovery-runs'))).body as { items: Run[] }).items;
    for (const [method, route] of [
      ['POST', 'discover-schema'],
      ['GET', 'discovery-runs'],
      ['GET', `discovery-runs/${String(run?.run_id)}`],
      ['DELETE', `discovery-runs/${String(run?.run_id)}`],
      ['GET', `discovery-runs/${String(run?.run_id)}/events`],
      ['GET', 'schemas'],
      ['GET', 'schemas/diff'],
    ] as const)
      expect([route, (await app.call(method, path(route), foreign)).status]).toEqual([route, 404]);
    const own = await app.call('DELETE', path(`discovery-runs/${String(run?.run_id)}`));
    expect(own.status).toBe(409);
  });

  it('pages runs, newest first', async () => {
    const first = (await app.call('GET', path('discovery-runs?limit=2'))).body as {
      items: Run[];
      next_cursor: string;
    };
    expect(first).toMatchObject({ has_more: true });
    const second = (await app.call('GET', path(`discovery-runs?limit=2&cursor=${first.next_cursor}`)))
      .body as {
      items: Run[];
    };
    const ids = [...first.items, ...second.items].map(({ run_id }) => run_id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(new Set(ids).size).toBe(4);
    const failed = await app.call('GET', path('discovery-runs?state=failed'));
    expect(failed.body).toMatchObject({ items: [], has_more: false, next_cursor: null });
  });

  it('is part of the metrics of the organization', async () => {
    const { body } = await app.call('GET', '/data-sources/metrics');
    expect(body).toMatchObject({
      discovery: { runs_24h: { failed: 0 }, schema_cache: { hits: expect.any(Number) as unknown } },
    });
  });
});

describe('a process that only serves the API', () => {
  it('holds streams of runs that nobody works on yet, and lets go of them', async () => {
    const app = await startApp({ ROLE: 'api' });
    try {
      const made = await app.call('POST', '/data-sources', {
        body: {
          name: 'nobody there',
          connection: {
            type: 'postgresql',
            host: '127.0.0.1',
            port: 1,
            database: 'x',
            username: 'x',
            password: 'x',
          },
        },
      });
      const { id } = made.body as { id: string };
      const asked = await app.call('POST', `/data-sources/${id}/discover-schema`, {
        headers: { prefer: 'wait=1' },
      });
      expect(asked).toMatchObject({ status: 202, body: { state: 'queued' } });
      const path = `/data-sources/${id}/discovery-runs/${(asked.body as Run).run_id}/events`;
      const streams = async (): Promise<string | undefined> =>
        /^datawave_discovery_streams (\d+)$/m.exec(await (await fetch(app.metricsUrl)).text())?.[1];
      const [left, stays] = [await open(app, path), await open(app, path)];
      for (const response of [left, stays]) await once(response, 'data');
      expect(await streams()).toBe('2');
      left.destroy();
      await until(async () => (await streams()) === '1', 'the stream of a client that has gone is closed');
      const ended = once(stays.resume(), 'end');
      const from = performance.now();
      await app.stop();
      await ended;
      expect(performance.now() - from).toBeLessThan(10_000);
    } catch (error) {
      await app.stop();
      throw error;
    }
  });
});
