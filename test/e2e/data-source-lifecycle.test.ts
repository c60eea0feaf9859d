import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { queryOnce } from '../support/product-database.js';
import {
  createSource,
  postgresConnection,
  readSource,
  settled,
  type SourceView,
} from '../support/sources.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

let app: TestApp;
let connection: Record<string, unknown>;

beforeAll(async () => {
  app = await startApp();
  connection = await postgresConnection();
});

afterAll(() => app.stop());

const inOneHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe('the test of a change', () => {
  it('is done by a worker too that has not heard of the change yet', async () => {
    const made = await createSource(app, 'unheard of', connection);
    await settled(app, made.id);
    // From here on the process keeps the source as it is now.
    expect((await app.call('POST', `/data-sources/${made.id}/test`)).status).toBe(200);
    const write = (sql: string, params: string[]) => queryOnce(app.database.superuserUrl, sql, params);
    await write(`UPDATE data_sources SET status = 'testing', revision = revision + 1 WHERE id = $1`, [
      made.id,
    ]);
    await write(`INSERT INTO jobs (id, kind, org_id, ref_id) VALUES ($1, 'test', $2, $3)`, [
      randomUUID(),
      app.orgId,
      made.id,
    ]);
    expect(await settled(app, made.id)).toMatchObject({ status: 'active' });
  });
});

describe('delete', () => {
  it('can be taken back for a while', async () => {
    const made = await createSource(app, 'deleted', connection);
    const path = `/data-sources/${made.id}`;
    expect(await app.call('DELETE', path)).toMatchObject({ status: 200, body: { id: made.id } });
    expect((await app.call('GET', path)).status).toBe(404);
    expect((await app.call('DELETE', path)).status).toBe(404);
    const { body } = await app.call('GET', '/data-sources?include_deleted=true&q=deleted');
    expect((body as { items: SourceView[] }).items.map(({ id }) => id)).toContain(made.id);
    expect((await app.call('POST', `${path}/restore`)).status).toBe(200);
    expect((await settled(app, made.id)).status).toBe('active');
    expect((await app.call('POST', `${path}/restore`)).status).toBe(409);
  });

  it('leaves no test behind, and no status that says there is one', async () => {
    const proxy = await TcpProxy.start({ host: String(connection.host), port: Number(connection.port) });
    try {
      proxy.mode = 'silent';
      const made = await createSource(app, 'deleted while tested', { ...connection, ...proxy.address });
      await until(() => proxy.open > 0, 'it is tested');
      expect((await app.call('DELETE', `/data-sources/${made.id}`)).status).toBe(200);
      await until(() => proxy.open === 0, 'the test has hung up');
      const { body } = await app.call('GET', '/data-sources?include_deleted=true&q=deleted while tested');
      expect(body).toMatchObject({ items: [{ status: 'inactive', status_reason: { code: 'DELETED' } }] });
      proxy.mode = 'pass';
      const restored = await app.call('POST', `/data-sources/${made.id}/restore`);
      expect(restored).toMatchObject({ status: 200, body: { status: 'testing', deleted_at: null } });
      expect((await settled(app, made.id)).status).toBe('active');
    } finally {
      await proxy.stop();
    }
  });

  it('takes everything along by force', async () => {
    const made = await createSource(app, 'purged', connection);
    expect((await app.call('DELETE', `/data-sources/${made.id}?force=true`, { as: 'editor' })).status).toBe(
      403,
    );
    expect((await app.call('DELETE', `/data-sources/${made.id}?force=true`)).status).toBe(204);
    expect((await app.call('POST', `/data-sources/${made.id}/restore`)).status).toBe(404);
  });

  it('frees the name, and does not restore over a new owner of it', async () => {
    const made = await createSource(app, 'name again', connection);
    await app.call('DELETE', `/data-sources/${made.id}`);
    await createSource(app, 'name again', connection);
    expect((await app.call('POST', `/data-sources/${made.id}/restore`)).status).toBe(409);
  });
});

describe('pause, maintenance, retry', () => {
  it('leaves a paused source alone until it is resumed', async () => {
    const made = await createSource(app, 'paused', connection);
    await settled(app, made.id);
    const path = `/data-sources/${made.id}`;
    const paused = await app.call('POST', `${path}/pause`, { body: { reason: 'upgrade' } });
    expect(paused).toMatchObject({
      status: 200,
      body: { status: 'inactive', status_reason: { code: 'PAUSED', message: 'upgrade' } },
    });
    expect(await app.call('POST', `${path}/discover-schema`)).toMatchObject({
      status: 409,
      body: { code: 'CONFLICT' },
    });
    expect((await app.call('POST', `${path}/retry`)).status).toBe(409);
    expect((await app.call('POST', `${path}/resume`)).status).toBe(200);
    expect((await settled(app, made.id)).status).toBe('active');
    expect((await app.call('POST', `${path}/resume`)).status).toBe(409);
  });

  it('keeps a pause and a maintenance over a deletion', async () => {
    const later = inOneHour();
    for (const [rest, body, kept] of [
      ['pause', { reason: 'moving' }, { status: 'inactive', status_until: null }],
      ['pause', { until: later }, { status: 'inactive', status_until: later }],
      ['maintenance', { until: later, reason: 'disks' }, { status: 'maintenance', status_until: later }],
    ] as const) {
      const made = await createSource(app, `rests ${randomUUID()}`, connection);
      await settled(app, made.id);
      const path = `/data-sources/${made.id}`;
      const before = (await app.call('POST', `${path}/${rest}`, { body })).body as SourceView;
      await app.call('DELETE', path);
      const restored = (await app.call('POST', `${path}/restore`)).body as SourceView;
      expect(restored).toMatchObject({ ...kept, status_reason: before.status_reason, deleted_at: null });
      const wakes = await queryOnce(
        app.database.superuserUrl,
        `SELECT next_run_at FROM schedules WHERE kind = 'wake' AND data_source_id = $1`,
        [made.id],
      );
      expect(wakes).toEqual(kept.status_until === null ? [] : [{ next_run_at: new Date(later) }]);
      expect((await app.call('POST', `${path}/resume`)).status).toBe(200);
      expect((await settled(app, made.id)).status).toBe('active');
    }
  });

  it('ends a pause whose time ran out while the source was deleted', async () => {
    const made = await createSource(app, 'overslept', connection);
    await settled(app, made.id);
    const path = `/data-sources/${made.id}`;
    await app.call('POST', `${path}/pause`, { body: { until: inOneHour() } });
    await app.call('DELETE', path);
    await queryOnce(
      app.database.superuserUrl,
      `UPDATE data_sources SET status_until = now() - interval '1 minute' WHERE id = $1`,
      [made.id],
    );
    await app.call('POST', `${path}/restore`);
    await until(async () => (await readSource(app, made.id)).status === 'active', 'the pause ends', 15_000);
  });

  it('ends a pause by itself', async () => {
    const made = await createSource(app, 'short pause', connection);
    await settled(app, made.id);
    const until_ = new Date(Date.now() + 1_500).toISOString();
    await app.call('POST', `/data-sources/${made.id}/pause`, { body: { until: until_ } });
    await until(async () => (await readSource(app, made.id)).status === 'active', 'the pause ends', 15_000);
  });

  it('needs an end of a maintenance, in the future', async () => {
    const made = await createSource(app, 'maintained', connection);
    await settled(app, made.id);
    const path = `/data-sources/${made.id}/maintenance`;
    expect(await app.call('POST', path, { body: {} })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/until', code: 'required' }] },
    });
    expect((await app.call('POST', path, { body: { until: '2020-01-01T00:00:00Z' } })).status).toBe(422);
    expect(await app.call('POST', path, { body: { until: inOneHour() } })).toMatchObject({
      body: { status: 'maintenance' },
    });
  });

  it('tries a failed source again', async () => {
    const made = await createSource(app, 'retried', { ...connection, port: 1 });
    expect((await settled(app, made.id)).status).toBe('inactive');
    expect(await app.call('POST', `/data-sources/${made.id}/retry`)).toMatchObject({
      status: 200,
      body: { status: 'testing' },
    });
    expect((await settled(app, made.id)).status).toBe('inactive');
  });
});
