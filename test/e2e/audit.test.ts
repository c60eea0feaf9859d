import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { call, type Answer, type Call } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { queryOnce } from '../support/product-database.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';

const SECRET = 'canary-7c1d0a';
const CONNECTION = nowhere(SECRET);

interface Event {
  readonly id: string;
  readonly occurred_at: string;
  readonly actor: string;
  readonly action: string;
  readonly target_id: string | null;
  readonly changed: string[];
  readonly details: Record<string, unknown>;
}

let app: ProductProcess;
let org: string;
let admin: string;

const api = async (path: string, method = 'GET', options: Call = {}): Promise<Answer> =>
  call(`${app.url}/api/v1${path}`, method, { token: admin, ...options });

async function events(query = ''): Promise<Event[]> {
  const answer = await api(`/audit-events${query}`);
  expect([query, answer.status]).toEqual([query, 200]);
  return answer.json.items as Event[];
}

async function create(options: Call = {}): Promise<string> {
  const body = { name: randomUUID(), connection: CONNECTION };
  const answer = await api('/data-sources', 'POST', { body, ...options });
  expect(answer.status).toBe(201);
  return String(answer.json.id);
}

beforeAll(async () => {
  app = await startProductProcess();
}, 120_000);
beforeEach(async () => {
  org = randomUUID();
  admin = await app.token('admin', org, 'alice');
});
afterAll(() => app.stop());

describe('an audit event', () => {
  test('says who did what to what, from where', async () => {
    const headers = { 'user-agent': `agent/1 ${'x'.repeat(500)}`, 'x-request-id': 'request-1' };
    const id = await create({ headers });
    expect(await events('?action=data_source.create')).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        actor: 'alice',
        action: 'data_source.create',
        target_type: 'data_source',
        target_id: id,
        result: 'success',
        code: null,
        duration_ms: null,
        request_id: 'request-1',
        ip: '127.0.0.1',
        user_agent: `agent/1 ${'x'.repeat(247)}`,
        changed: expect.any(Array),
        details: expect.any(Object),
      },
    ]);
  });

  test('tells by itself of a connection that trusts a server that is not verified', async () => {
    const weak = () => events('?action=data_source.tls_unverified');
    const change = async (id: string, tls: object): Promise<void> => {
      const body = { connection: { ...CONNECTION, tls } };
      expect((await api(`/data-sources/${id}`, 'PATCH', { body })).status).toBe(200);
    };
    const id = await create();
    expect(await weak()).toEqual([]);
    await change(id, { mode: 'verify_ca' });
    await change(id, { mode: 'disable' });
    // Another change of a source that is weak already, and one that makes it stronger, are none.
    await change(id, { mode: 'disable', server_name: 'db.example.test' });
    await change(id, { mode: 'require' });
    const body = { name: randomUUID(), connection: { ...CONNECTION, tls: { mode: 'require' } } };
    const made = await api('/data-sources', 'POST', { body });
    expect((await weak()).map(({ target_id, actor, details }) => ({ target_id, actor, details }))).toEqual([
      { target_id: made.json.id, actor: 'alice', details: { mode: 'require', mode_before: 'verify_full' } },
      { target_id: id, actor: 'alice', details: { mode: 'disable', mode_before: 'verify_ca' } },
      { target_id: id, actor: 'alice', details: { mode: 'verify_ca', mode_before: 'verify_full' } },
    ]);
  });

  test('names the changed fields, never a value of a secret', async () => {
    const id = await create();
    const connection = { ...CONNECTION, host: '127.0.0.2' };
    expect((await api(`/data-sources/${id}`, 'PATCH', { body: { connection, tags: ['a'] } })).status).toBe(
      200,
    );
    const [event] = await events(`?target_id=${id}&action=data_source.update`);
    expect(event?.changed).toEqual(
      expect.arrayContaining(['tags', 'connection.host', 'connection.password']),
    );
    expect((await api('/audit-events')).text).not.toContain(SECRET);
  });

  test('is there for each refusal, once a minute', async () => {
    const token = await app.token('viewer', org, 'victor');
    for (let count = 0; count < 5; count += 1)
      expect((await api('/data-sources', 'POST', { token, body: {} })).status).toBe(403);
    expect((await api('/audit-events', 'GET', { token })).status).toBe(403);
    const denied = await events('?result=denied&actor=victor');
    expect(denied.map(({ action, target_id: target }) => [action, target])).toEqual([
      ['access.denied', 'audit:read'],
      ['access.denied', 'data_sources:create'],
    ]);
    expect(denied[1]?.details).toEqual({ attempted: 'DataSourcesController.create' });
  });

  test('that cannot be stored takes its change back', async () => {
    const id = await create();
    const before = await api(`/data-sources/${id}`);
    await queryOnce(
      app.database.superuserUrl,
      `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$;
       CREATE TRIGGER fail BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION fail()`,
    );
    try {
      const body = { description: 'changed' };
      const [patched, deleted, created] = [
        await api(`/data-sources/${id}`, 'PATCH', { body }),
        await api(`/data-sources/${id}?force=true`, 'DELETE'),
        await api('/data-sources', 'POST', { body: { name: 'never', connection: CONNECTION } }),
      ];
      for (const { status, json } of [patched, deleted, created])
        expect([status, json.code]).toEqual([500, 'INTERNAL']);
      // A refusal stays one, recorded or not.
      const token = await app.token('viewer', org);
      expect((await api(`/data-sources/${id}`, 'DELETE', { token })).status).toBe(403);
    } finally {
      await queryOnce(app.database.superuserUrl, 'DROP TRIGGER fail ON audit_events; DROP FUNCTION fail()');
    }
    const after = await api(`/data-sources/${id}`);
    // Its first test may end meanwhile and move the status: that is no change of what a person configured.
    expect([after.json.description, after.json.version]).toEqual([null, before.json.version]);
    expect((await api('/data-sources?q=never')).json.total).toBe(0);
  });
});

describe('the list of audit events', () => {
  test('comes newest first, page by page, also while events are added', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) ids.unshift(await create());
    const found: (string | null)[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page += 1) {
      const { json } = await api(`/audit-events?action=data_source.create&limit=2${cursor}`);
      found.push(...(json.items as Event[]).map((event) => event.target_id));
      expect(json.has_more).toBe(json.next_cursor !== null);
      if (json.next_cursor === null) break;
      cursor = `&cursor=${json.next_cursor as string}`;
      await create();
    }
    expect(found).toEqual(ids);
  });

  test('can be narrowed', async () => {
    const first = await create();
    const [event] = await events();
    const second = await create({ token: await app.token('editor', org, 'bob') });
    const targets = async (query: string): Promise<unknown[]> =>
      (await events(`${query}&action=data_source.create`)).map((found) => found.target_id);
    expect(await targets('?actor=bob')).toEqual([second]);
    expect(await targets(`?target_id=${first}`)).toEqual([first]);
    expect(await targets('?result=failure')).toEqual([]);
    const between = new Date(Date.parse(String(event?.occurred_at)) + 1).toISOString();
    expect(await targets(`?from=${between}`)).toEqual([second]);
    expect(await targets(`?to=${between}`)).toEqual([first]);
    expect(await targets('?actor=alice%27%20OR%20true--')).toEqual([]);
  });

  test.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1e1'],
    ['result', 'maybe'],
    ['from', 'yesterday'],
    ['from', '2026-01-01'],
    ['to', '2026-02-31T00:00:00Z'],
    ['to', '0000-01-01T00:00:00Z'],
    ['from', '2026-W05-1T00:00:00Z'],
    ['cursor', 'x'],
    ['cursor', Buffer.from('["a","b"]').toString('base64url')],
    [
      'cursor',
      Buffer.from('["2026-02-31T00:00:00.000000Z","0197f000-0000-7000-8000-00000000000a"]').toString(
        'base64url',
      ),
    ],
    ['cursor', Buffer.from('[1,2]').toString('base64url')],
    ['actor', ''],
    ['target_id', 'x'.repeat(201)],
    ['unknown', '1'],
  ])('refuses %s=%.40s and names it', async (name, value) => {
    const { status, json } = await api(`/audit-events?${name}=${value}`);
    expect([status, json.code]).toEqual([422, 'VALIDATION_FAILED']);
    expect(json.errors).toContainEqual(expect.objectContaining({ parameter: name }));
  });

  test('refuses lists and NUL bytes', async () => {
    for (const query of ['actor=a&actor=b', 'actor[x]=1', 'actor=%00', 'cursor=a&cursor=b'])
      expect([query, (await api(`/audit-events?${query}`)).status]).toEqual([query, 422]);
  });
});
