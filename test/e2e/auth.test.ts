import { createHmac, randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call, type Answer, type Call } from '../support/http-client.js';
import { nowhere } from '../support/nowhere.js';
import { queryOnce } from '../support/product-database.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';

const MINE = '0197f000-0000-7000-8000-00000000000a';
const THEIRS = '0197f000-0000-7000-8000-00000000000b';
const SECRET = 'kV3hQ9sXw2Lr8TzNc5Yb1MfJg7Pd4Ea6';
const CONNECTION = nowhere('p-0d7f3a');

let app: ProductProcess;
let base: string;
let admin: string;

const api = async (path: string, method = 'GET', options: Call = {}): Promise<Answer> =>
  call(`${base}${path}`, method, { token: admin, ...options });

async function create(name: string = randomUUID(), token: string = admin): Promise<string> {
  const answer = await api('', 'POST', { token, body: { name, connection: CONNECTION } });
  expect(answer.status).toBe(201);
  return String(answer.json.id);
}

beforeAll(async () => {
  app = await startProductProcess({ environment: { JWT_SECRET: SECRET } });
  base = `${app.url}/api/v1/data-sources`;
  admin = await app.token('admin', MINE);
}, 120_000);

afterAll(() => app.stop());

describe('a token', () => {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const nowS = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: 'datawave',
    aud: 'datawave-data-sources',
    sub: 'alice',
    exp: nowS + 600,
    org_id: MINE,
    roles: ['admin'],
  };
  const forge = (header: object, of: object, key = SECRET): string => {
    const signed = `${encode(header)}.${encode(of)}`;
    return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
  };

  test('that is good opens the door', async () => {
    const token = forge({ alg: 'HS256' }, claims);
    expect((await call(base, 'GET', { token })).status).toBe(200);
  });

  test.each([
    ['alg none', `${encode({ alg: 'none' })}.${encode(claims)}.`],
    ['a stripped signature', forge({ alg: 'HS256' }, claims).replace(/[^.]+$/, '')],
    ['an empty secret', forge({ alg: 'HS256' }, claims, '')],
    ['another secret', forge({ alg: 'HS256' }, claims, 'x'.repeat(32))],
    ['another algorithm', forge({ alg: 'RS256' }, claims)],
    ['a kid that is a path', forge({ alg: 'HS256', kid: '../../dev/null' }, claims, '')],
    ['a key of its own', forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'eA' } }, claims, 'x')],
    ['another issuer', forge({ alg: 'HS256' }, { ...claims, iss: 'x' })],
    ['another audience', forge({ alg: 'HS256' }, { ...claims, aud: 'x' })],
    ['no expiry', forge({ alg: 'HS256' }, { ...claims, exp: undefined })],
    ['an expiry in the past', forge({ alg: 'HS256' }, { ...claims, exp: nowS - 60 })],
    ['a beginning in the future', forge({ alg: 'HS256' }, { ...claims, nbf: nowS + 300 })],
    ['no organization', forge({ alg: 'HS256' }, { ...claims, org_id: undefined })],
    ['two organizations', forge({ alg: 'HS256' }, { ...claims, org_id: [MINE, THEIRS] })],
    ['dots only', '..'],
  ])('with %s is refused, and nothing is done', async (_, token) => {
    const name = randomUUID();
    const answer = await call(base, 'POST', { token, body: { name, connection: CONNECTION } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      401,
      'application/problem+json; charset=utf-8',
    ]);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="datawave", error="invalid_token"');
    expect((await api(`?q=${name}`)).json.total).toBe(0);
  });

  test('counts in the header alone', async () => {
    const token = admin;
    for (const path of [`?access_token=${token}`, `?token=${token}`, `?authorization=Bearer%20${token}`])
      expect((await call(`${base}${path}`)).status).toBe(401);
    const headers = {
      cookie: `access_token=${token}; authorization=Bearer ${token}`,
      'x-access-token': token,
    };
    expect((await call(base, 'GET', { headers })).status).toBe(401);
  });

  test('cannot be done without by headers that claim trust', async () => {
    const headers = {
      'x-user': 'admin',
      'x-forwarded-user': 'admin',
      'x-datahub-actor': 'urn:li:corpuser:admin',
      'x-remote-user': 'admin',
      'x-forwarded-for': '127.0.0.1',
      'x-original-url': '/health/live',
      'x-rewrite-url': '/health/live',
      'x-http-method-override': 'GET',
      'user-agent': 'Nacos-Server',
    };
    expect((await call(base, 'GET', { headers })).status).toBe(401);
  });
});

describe('the spelling of a path', () => {
  test('never opens what needs a token', async () => {
    const { hostname, port } = new URL(app.url);
    const paths = [
      '/api//v1/data-sources',
      '//api/v1/data-sources',
      '/api/v1//data-sources',
      '/api/v1/data-sources//',
      '/api/v1/data-sources/',
      '/API/V1/data-sources',
      '/api/v1/Data-Sources',
      '/api/v1/health/..;/data-sources',
      '/health/live/..;/api/v1/data-sources',
      '/health/live/../../api/v1/data-sources',
      '/health/live/%2e%2e/%2e%2e/api/v1/data-sources',
      '/api/v1/%2e%2e/v1/data-sources',
      '/api/v1/./data-sources',
      '/api/v1/data-sources;/health/live',
      '/api/v1/data-sources;jsessionid=1',
      '/api/v1/data-sources?/health/live',
      '/api/v1/data-sources?/webhooks/trigger',
      '/api/v1/data-sources#/health/live',
      '/api/v1/data-sources%3f/health/live',
      '/api/v1/data%2dsources',
      '/api/v1/data-sources%2f',
      '/api/v1/data-sources%00',
      '/api/v1/data-sources%20',
      '/api/v1/data-sources.json',
      '/api/v1\\data-sources',
      '/docs/../api/v1/data-sources',
      '/docs/%2e%2e/api/v1/data-sources',
      '/api/v1/files/..%2fdata-sources',
      '/api/v1/files/../data-sources',
      `${app.url}/api/v1/data-sources`,
      'http://elsewhere.test/api/v1/data-sources',
    ];
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE', 'PROPFIND'])
      for (const path of paths) {
        const status = await rawStatus({ hostname, port, method, path });
        const refused = [400, 401, 404, 405, 415].includes(status);
        expect([method, path, refused ? 'refused' : status]).toEqual([method, path, 'refused']);
      }
  });
});

/** The status of a request whose path is sent as it is: fetch would tidy it up. */
function rawStatus(options: {
  hostname: string;
  port: string;
  method: string;
  path: string;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('error', reject).end();
  });
}

describe('the organization', () => {
  test('comes from the token alone', async () => {
    const id = await create();
    const other = await app.token('admin', THEIRS);
    const headers = { 'x-org-id': MINE, 'x-organization-id': MINE, 'x-tenant-id': MINE };
    expect((await api(`/${id}`, 'GET', { token: other, headers })).status).toBe(404);
    for (const query of [`org_id=${MINE}`, `orgId=${MINE}`, `filter[org]=${MINE}`]) {
      const answer = await api(`?${query}`, 'GET', { token: other });
      expect([query, answer.status]).toEqual([query, 422]);
    }
  });

  test('and what the product itself decides cannot be set by a body', async () => {
    const id = await create();
    const forbidden = {
      org_id: THEIRS,
      orgId: THEIRS,
      id: randomUUID(),
      status: 'active',
      created_by: 'x',
      createdBy: 'x',
      version: 9,
      secret_ciphertext: 'x',
      secrets_set: [],
      deleted_at: null,
      category: 'sql',
      destination: 'x',
      server: {},
    };
    for (const [field, value] of Object.entries(forbidden)) {
      const created = await api('', 'POST', {
        body: { name: randomUUID(), connection: CONNECTION, [field]: value },
      });
      const updated = await api(`/${id}`, 'PATCH', { body: { [field]: value } });
      for (const { status, json } of [created, updated])
        expect([field, status, json.errors]).toEqual([
          field,
          422,
          [{ pointer: `/${field}`, code: 'unknown_field', detail: 'This field is not known.' }],
        ]);
    }
  });

  test('has metrics, lists and audit events of its own', async () => {
    const org = randomUUID();
    const token = await app.token('admin', org);
    const id = await create('a source of mine');
    for (const path of ['', '/metrics', '/../audit-events']) {
      const { status, text } = await call(new URL(`${base}${path}`).href, 'GET', { token });
      expect([path, status]).toEqual([path, 200]);
      expect(text).not.toContain(id);
    }
    expect((await api('', 'GET', { token })).json.total).toBe(0);
    expect((await call(`${app.url}/api/v1/audit-events`, 'GET', { token })).json.items).toEqual([]);
  });

  test('does not share names, keys or idempotency keys with another', async () => {
    const token = await app.token('admin', THEIRS);
    const headers = { 'idempotency-key': randomUUID() };
    const body = { name: 'the same name', connection: CONNECTION };
    const first = await api('', 'POST', { body, headers });
    const second = await api('', 'POST', { body, headers, token });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json.id).not.toBe(first.json.id);
    const taken = await api('', 'POST', { body });
    expect([taken.status, taken.json.code]).toEqual([409, 'CONFLICT']);
    expect((await api(`/${String(first.json.id)}`, 'GET', { token })).status).toBe(404);
  });

  test('takes no name or id for a pattern', async () => {
    for (const id of [
      '*',
      '%25',
      '1',
      'all',
      "'%20OR%20true--",
      '00000000-0000-0000-0000-00000000000',
      '__proto__',
    ]) {
      const { status } = await api(`/${id}`);
      expect([id, status]).toEqual([id, 422]);
    }
    const id = await create('*');
    expect((await api(`/${id}`, 'GET', { token: await app.token('viewer', THEIRS) })).status).toBe(404);
    const user = await app.token([], MINE, '1');
    expect((await api('', 'GET', { token: user })).status).toBe(403);
  });
});

describe('what depends on more than the route', () => {
  const denied = (orgId: string, user: string): Promise<{ target_id: string; result: string }[]> =>
    queryOnce(
      app.database.superuserUrl,
      `SELECT target_id, result FROM audit_events WHERE org_id = $1 AND actor_id = $2 AND action = 'access.denied'`,
      [orgId, user],
    );

  test('deletion for good needs its own permission, and a refusal is written down', async () => {
    const id = await create();
    const token = await app.token('editor', MINE, 'eve');
    const answer = await api(`/${id}?force=true`, 'DELETE', { token });
    expect([answer.status, answer.json.code]).toEqual([403, 'FORBIDDEN']);
    expect(answer.json.detail).toContain('data_sources:delete_force');
    expect(await denied(MINE, 'eve')).toEqual([{ target_id: 'data_sources:delete_force', result: 'denied' }]);
    expect((await api(`/${id}`)).status).toBe(200);
    expect((await api(`/${id}`, 'DELETE', { token })).status).toBe(200);
    expect((await api(`/${id}?force=true`, 'DELETE')).status).toBe(204);
  });

  test('a secret in a change of the source needs the permission for secrets', async () => {
    const id = await create();
    const token = await app.token('steward', MINE, 'stella');
    const change = (connection: object): Promise<Answer> =>
      api(`/${id}`, 'PATCH', { token, body: { connection } });
    for (const connection of [
      { password: 'new' },
      { password: null },
      { ...CONNECTION, host: '127.0.0.2' },
    ]) {
      const answer = await change(connection);
      expect([answer.status, answer.json.detail]).toEqual([
        403,
        'This needs the permission credentials:write.',
      ]);
    }
    expect((await change({ host: '127.0.0.2' })).json.code).toBe('CREDENTIALS_REENTRY_REQUIRED');
    expect((await api(`/${id}`, 'PATCH', { token, body: { description: 'mine' } })).status).toBe(200);
    expect(await denied(MINE, 'stella')).toEqual([{ target_id: 'credentials:write', result: 'denied' }]);
  });

  test('weaker TLS needs the permission for it', async () => {
    const id = await create();
    const body = { connection: { ...CONNECTION, tls: { mode: 'disable' } } };
    const token = await app.token('editor', MINE, 'emil');
    const answer = await api(`/${id}`, 'PATCH', { token, body });
    expect([answer.status, answer.json.detail]).toEqual([403, 'This needs the permission tls:weaken.']);
    expect((await api(`/${id}`, 'PATCH', { body })).status).toBe(200);
  });

  test('weaker TLS wants the secrets again, whoever asks for it', async () => {
    const id = await create();
    for (const tls of [{ mode: 'disable' }, { mode: 'require' }, { mode: 'verify_ca' }]) {
      const answer = await api(`/${id}`, 'PATCH', { body: { connection: { tls } } });
      expect([answer.status, answer.json.code]).toEqual([422, 'CREDENTIALS_REENTRY_REQUIRED']);
    }
    expect((await api(`/${id}`)).json).toMatchObject({ tls_unverified: false });
  });
});

describe('a start with a weak secret', () => {
  test.each([
    ['JWT_SECRET', ''],
    ['JWT_SECRET', 'change-me-change-me-change-me-change-me'],
    ['APP_SECRET', `${SECRET},short`],
  ])('ends with one clear message: %s=%s', async (name, value) => {
    const environment = { NODE_ENV: 'production', [name]: value };
    const started: unknown = await startProductProcess({ database: app.database, environment }).catch(
      (error: unknown) => error,
    );
    expect(started).toBeInstanceOf(Error);
    const { message } = started as Error;
    expect(message).toMatch(new RegExp(`exit code 1[^]*${name}.* (is mandatory|must have|is a sample)`));
    if (value.length > 5) expect(message).not.toContain(value);
  });
});
