import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { createSource, postgresConnection, settled, type SourceView } from '../support/sources.js';
import { until } from '../support/until.js';

let app: TestApp;
let connection: Record<string, unknown>;

beforeAll(async () => {
  app = await startApp();
  connection = await postgresConnection();
});

afterAll(() => app.stop());

const inOneHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

describe('create', () => {
  it('answers testing with Location and ETag, and the test makes it active', async () => {
    const { status, headers, body } = await app.call('POST', '/data-sources', {
      body: { name: 'first', connection, tags: ['finance'], environment: 'production' },
    });
    const made = body as SourceView;
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/data-sources/${made.id}`);
    expect(headers.get('etag')).toBe('"v1.1"');
    expect(made).toMatchObject({
      status: 'testing',
      secrets_set: ['password'],
      tls_unverified: true,
      tags: ['finance'],
    });
    expect(made.connection).not.toHaveProperty('password');
    expect(await settled(app, made.id)).toMatchObject({
      status: 'active',
      server: { product: 'PostgreSQL' },
    });
  });

  it.each([
    ['a wrong password', { password: 'not this one' }, 'failed', 'AUTH_FAILED'],
    ['an unknown database', { database: 'nowhere' }, 'failed', 'DATABASE_NOT_FOUND'],
    ['a closed port', { port: 1 }, 'inactive', 'UNREACHABLE'],
    ['a metadata address', { host: '169.254.169.254' }, 'failed', 'EGRESS_DENIED'],
    ['TLS that the server lacks', { tls: { mode: 'verify_full' } }, 'failed', 'TLS_FAILED'],
  ])('ends with the code of %s', async (name, change, status, code) => {
    const made = await createSource(app, `create with ${name}`, { ...connection, ...change });
    expect(await settled(app, made.id)).toMatchObject({ status, status_reason: { code } });
  });

  it('says of a source with the default of TLS that it verifies its server', async () => {
    const secured = { ...connection, tls: {} };
    const { body } = await app.call('POST', '/data-sources', {
      body: { name: 'secured', connection: secured },
    });
    expect(body).toMatchObject({ tls_unverified: false });
  });

  it('refuses a name that is taken, in any case', async () => {
    await createSource(app, 'Taken', connection);
    const { status, body } = await app.call('POST', '/data-sources', { body: { name: 'tAKEN', connection } });
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'CONFLICT', errors: [{ pointer: '/name' }] });
  });

  it('gives the same source for the same idempotency key, and refuses the key for another request', async () => {
    const headers = { 'idempotency-key': 'key-1' };
    const body = { name: 'once', connection };
    const [first, second] = await Promise.all([
      app.call('POST', '/data-sources', { body, headers }),
      app.call('POST', '/data-sources', { body, headers }),
    ]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect((second.body as SourceView).id).toBe((first.body as SourceView).id);
    const other = await app.call('POST', '/data-sources', { body: { ...body, name: 'twice' }, headers });
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });
});

describe('list', () => {
  let org: string;
  const names = ['Alpha', 'Beta 100%', 'Gamma', 'Delta', 'Epsilon'];

  beforeAll(async () => {
    org = '0198c0de-1111-7000-8000-000000000001';
    for (const name of names)
      await app.call('POST', '/data-sources', {
        orgId: org,
        body: { name, connection, tags: [name.slice(0, 1)] },
      });
    // A status that moves in the middle of a walk by status moves its source to another page.
    await until(
      async () => (await list('status=testing')).total === 0,
      'the tests of the sources end',
      20_000,
    );
  });

  const list = async (query: string) => {
    const { status, body, headers } = await app.call('GET', `/data-sources?${query}`, { orgId: org });
    expect(status).toBe(200);
    return {
      ...(body as { items: SourceView[]; total: number; next_cursor: string | null; total_pages: number }),
      headers,
    };
  };

  it('pages by number and says how many there are', async () => {
    const page = await list('limit=2&page=2&sort=name');
    expect(page.items.map(({ name }) => name)).toEqual(['Delta', 'Epsilon']);
    expect(page).toMatchObject({ total: 5, total_pages: 3 });
    expect(page.headers.get('link')).toContain('rel="next"');
    expect((await list('limit=2&page=9')).total).toBe(5);
  });

  it.each(['name', '-name', '-created_at', 'type,-name', 'status,created_at'])(
    'walks by cursor in the order %s',
    async (sort) => {
      const all = (await list(`sort=${sort}&limit=100`)).items.map(({ id }) => id);
      const walked: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await list(`sort=${sort}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
        walked.push(...page.items.map(({ id }) => id));
        cursor = page.next_cursor;
      }
      expect(walked).toEqual(all);
    },
  );

  it('filters, and takes wildcards literally', async () => {
    expect((await list('q=100%25')).items.map(({ name }) => name)).toEqual(['Beta 100%']);
    expect((await list('q=_')).total).toBe(0);
    expect((await list('tag=G')).items.map(({ name }) => name)).toEqual(['Gamma']);
    expect((await list('type=redis')).total).toBe(0);
    expect((await list('category=sql')).total).toBe(5);
    expect((await list(`created_after=${inOneHour()}`)).total).toBe(0);
  });

  it('shows only the own organization', async () => {
    const { body } = await app.call('GET', '/data-sources', {
      orgId: '0198c0de-2222-7000-8000-000000000001',
    });
    expect(body).toMatchObject({ items: [], total: 0 });
  });
});

describe('read and change', () => {
  it('answers 304 for a known tag', async () => {
    const made = await createSource(app, 'etag', connection);
    await settled(app, made.id);
    const { headers } = await app.call('GET', `/data-sources/${made.id}`);
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    expect((await app.call('GET', `/data-sources/${made.id}`, { headers: known })).status).toBe(304);
    // A proxy that compresses makes a strong tag a weak one.
    const weak = { 'if-none-match': `W/${known['if-none-match']}` };
    expect((await app.call('GET', `/data-sources/${made.id}`, { headers: weak })).status).toBe(304);
  });

  it('takes a change from who read it before its status moved, but shows the status to who asks', async () => {
    const { headers, body } = await app.call('POST', '/data-sources', {
      body: { name: 'moving', connection },
    });
    const made = body as SourceView;
    const path = `/data-sources/${made.id}`;
    const tag = headers.get('etag') ?? '';
    const after = await settled(app, made.id);
    expect([made.status, after.status, after.version]).toEqual(['testing', 'active', made.version]);
    const shown = await app.call('GET', path, { headers: { 'if-none-match': tag } });
    expect(shown).toMatchObject({ status: 200, body: { status: 'active' } });
    await app.call('POST', `${path}/pause`);
    await app.call('POST', `${path}/resume`);
    await settled(app, made.id);
    const change = (ifMatch: string) =>
      app.call('PATCH', path, { headers: { 'if-match': ifMatch }, body: { description: 'told' } });
    const changed = await change(tag);
    expect(changed).toMatchObject({ status: 200, body: { version: made.version + 1 } });
    expect(await change(tag)).toMatchObject({ status: 412, body: { code: 'VERSION_MISMATCH' } });
    expect(await change(shown.headers.get('etag') ?? '')).toMatchObject({ status: 412 });
    expect((await change(changed.headers.get('etag') ?? '')).status).toBe(200);
  });

  it('counts new secrets as a change', async () => {
    const made = await createSource(app, 'new secrets', connection);
    const { version } = await settled(app, made.id);
    const path = `/data-sources/${made.id}`;
    const { password } = connection;
    expect((await app.call('PATCH', `${path}/credentials`, { body: { password } })).status).toBe(200);
    const headers = { 'if-match': `"v${String(version)}"` };
    expect((await app.call('PATCH', path, { headers, body: { description: 'late' } })).status).toBe(412);
  });

  it('merges a patch, and refuses a stale tag', async () => {
    const made = await createSource(app, 'patched', connection);
    const { version } = await settled(app, made.id);
    const path = `/data-sources/${made.id}`;
    const headers = { 'if-match': `"v${String(version)}"`, 'content-type': 'application/merge-patch+json' };
    const body = { description: 'told', pool: { size: 7 }, tags: ['a', 'b'] };
    const changed = await app.call('PATCH', path, { headers, body });
    expect(changed).toMatchObject({
      status: 200,
      body: { description: 'told', pool: { size: 7, max_retries: 3 }, status: 'active' },
    });
    expect(await app.call('PATCH', path, { headers, body })).toMatchObject({
      status: 412,
      body: { code: 'VERSION_MISMATCH' },
    });
    expect(await app.call('PATCH', path, { body: { description: null } })).toMatchObject({
      body: { description: null },
    });
  });

  it('lets one of two changes with the same tag win', async () => {
    const made = await createSource(app, 'raced', connection);
    const { version } = await settled(app, made.id);
    const change = (description: string) =>
      app.call('PATCH', `/data-sources/${made.id}`, {
        headers: { 'if-match': `"v${String(version)}"` },
        body: { description },
      });
    const statuses = (await Promise.all([change('one'), change('two')])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 412]);
  });

  it('tests a changed connection again', async () => {
    const made = await createSource(app, 'moved', connection);
    await settled(app, made.id);
    const body = { connection: { database: 'nowhere', password: connection.password } };
    const changed = await app.call('PATCH', `/data-sources/${made.id}`, { body });
    expect(changed).toMatchObject({ status: 200, body: { status: 'testing' } });
    expect(await settled(app, made.id)).toMatchObject({
      status: 'failed',
      status_reason: { code: 'DATABASE_NOT_FOUND' },
    });
  });
});

describe('credentials', () => {
  it('keeps the old ones where the source refuses the new ones, and replaces them where it takes them', async () => {
    const made = await createSource(app, 'credentials', { ...connection, password: 'wrong' });
    expect((await settled(app, made.id)).status).toBe('failed');
    const path = `/data-sources/${made.id}/credentials`;
    const refused = await app.call('PATCH', path, { body: { password: 'also wrong' } });
    expect(refused).toMatchObject({ status: 422, body: { code: 'AUTH_FAILED' } });
    expect(refused.text).not.toContain('also wrong');
    const taken = await app.call('PATCH', path, { body: { password: connection.password } });
    expect(taken).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(taken.text).not.toContain(String(connection.password));
  });

  it('names a field that is no secret of the type', async () => {
    const made = await createSource(app, 'no secret', connection);
    const { status, body } = await app.call('PATCH', `/data-sources/${made.id}/credentials`, {
      body: { host: 'evil' },
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({ errors: [{ pointer: '/host', code: 'unknown_field' }] });
  });
});

describe('test', () => {
  it('shows every layer of an unsaved connection', async () => {
    const { status, body } = await app.call('POST', '/data-sources/test', { body: { connection } });
    const steps = (body as { steps: { name: string; status: string }[] }).steps;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      outcome: 'degraded',
      server: { product: 'PostgreSQL' },
      egress_ip: '127.0.0.1',
    });
    expect(steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'config',
        'secret',
        'dns',
        'tcp',
        'auth',
        'database',
        'probe',
        'capability.discover',
      ]),
    );
  });

  it('says where a saved one fails, with a remedy, and its status follows', async () => {
    const made = await createSource(app, 'to be tested', { ...connection, database: 'nowhere' });
    await settled(app, made.id);
    const { body } = await app.call('POST', `/data-sources/${made.id}/test`);
    expect(body).toMatchObject({
      outcome: 'failed',
      failed_at: 'database',
      user_action: true,
      retryable: false,
      egress_ip: '127.0.0.1',
    });
    const failed = (body as { steps: { status: string; remedy?: { sql?: string[] } }[] }).steps.find(
      (s) => s.status === 'failed',
    );
    expect(failed?.remedy?.sql?.join(' ')).toContain('CREATE DATABASE "nowhere"');
  });
});

describe('egress_ip', () => {
  it('is left out where no socket reached the source, and where there is none', async () => {
    const closed = await app.call('POST', '/data-sources/test', {
      body: { connection: { ...connection, port: 1 } },
    });
    expect(closed.body).toMatchObject({ outcome: 'failed', failed_at: 'tcp' });
    expect(closed.body).not.toHaveProperty('egress_ip');
    const file = { type: 'csv', file_path: 'orders.csv' };
    const opened = await app.call('POST', '/data-sources/test', { body: { connection: file } });
    expect(opened.status).toBe(200);
    expect(opened.body).not.toHaveProperty('egress_ip');
  });
});

describe('files', () => {
  beforeAll(async () => {
    const folder = join(app.config.filesRoot, app.orgId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'orders.csv'), 'id,amount\n1,2.50\n2,3.75\n');
  });

  it('takes file_path, and gives a signed URL that reads the file', async () => {
    const { status, body } = await app.call('POST', '/data-sources', {
      body: { name: 'orders', file_path: 'orders.csv', connection: { type: 'csv' } },
    });
    const made = body as SourceView;
    expect({ status, path: made.file_path }).toEqual({ status: 201, path: 'orders.csv' });
    expect((await settled(app, made.id)).status).toBe('active');
    const signed = await app.call('GET', `/data-sources/${made.id}/file-url?expires_in=60`);
    expect(signed.headers.get('cache-control')).toBe('no-store');
    const { url } = signed.body as { url: string };
    const file = await fetch(url);
    expect(await file.text()).toBe('id,amount\n1,2.50\n2,3.75\n');
    expect(file.headers.get('content-disposition')).toContain('attachment');
    expect((await fetch(`${url.slice(0, -2)}xx`)).status).toBe(404);
    expect((await app.call('GET', `/data-sources/${made.id}/file-url?expires_in=301`)).status).toBe(422);
  });

  it('takes storage_file_id with a warning, but not both', async () => {
    const body = { name: 'old way', storage_file_id: 'orders.csv', connection: { type: 'csv' } };
    const { status, headers } = await app.call('POST', '/data-sources', { body });
    expect(status).toBe(201);
    expect(headers.get('deprecation')).not.toBeNull();
    expect(headers.get('sunset')).not.toBeNull();
    const both = await app.call('POST', '/data-sources', {
      body: { ...body, name: 'both', file_path: 'orders.csv' },
    });
    expect(both).toMatchObject({ status: 422, body: { errors: [{ pointer: '/storage_file_id' }] } });
  });

  it('has no URL for a database', async () => {
    const made = await createSource(app, 'no file', connection);
    expect((await app.call('GET', `/data-sources/${made.id}/file-url`)).status).toBe(409);
  });
});
