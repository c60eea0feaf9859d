import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiContract } from '../support/api-contract.js';
import { startApp, type Answer, type CallOptions, type TestApp } from '../support/app.js';
import {
  BODIES,
  CHANGES,
  CONNECTIONS,
  csv,
  many,
  QUERIES,
  ROUTES,
  SECRET,
  text,
} from '../support/bad-input-cases.js';
import { until } from '../support/until.js';

describe('bad input', () => {
  let app: TestApp;
  let id: string;

  beforeAll(async () => {
    app = await startApp();
    const folder = join(app.config.filesRoot, app.orgId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'a.csv'), 'a,b\n1,2\n');
    const { body } = await app.call('POST', '/data-sources', { body: { name: 'good', connection: csv } });
    ({ id } = body as { id: string });
    await until(
      async () => (await send('GET', '/data-sources/:id/schemas')).text.includes('"a.csv"'),
      'the first discovery ends',
      30_000,
    );
  });

  afterAll(() => app.stop());

  const send = (method: string, path: string, options: CallOptions = {}): Promise<Answer> =>
    app.call(method, path.replace(':id', id), options);

  /** A problem of this status and code that names the place and repeats no secret. */
  const expectProblem = (answer: Answer, status: number, code: string, place?: string): void => {
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status,
      body: { status, code, request_id: answer.headers.get('x-request-id') },
    });
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.text).not.toContain(SECRET);
    const { errors = [] } = answer.body as { errors?: { pointer?: string; parameter?: string }[] };
    if (place !== undefined)
      expect(errors.map(({ pointer, parameter }) => pointer ?? parameter)).toContain(place);
  };

  describe.each([
    ['in a body', BODIES],
    ['in a connection', CONNECTIONS],
    ['in a change', CHANGES],
    ['in a query', QUERIES],
    ['in a path, a method or a header', ROUTES],
  ])('%s', (_where, cases) => {
    it.each(cases)('%s', async (_title, [method, path, options], [status, code, place]) => {
      expectProblem(await send(method, path, options), status, code, place);
    });
  });

  describe('a word that is none of a list', () => {
    const SORTS = ['name', 'created_at', 'updated_at', 'type', 'status'];
    const PARTS = ['kind', 'comment', 'fields', 'primary_key', 'indexes', 'row_estimate', 'properties'];
    const listed = ApiContract.enumerations();

    it.each([
      ...listed.map(({ path, name, words }) => [path, name, 'Nonsense', words] as const),
      ['/api/v1/data-sources', 'sort', 'secret_fields', SORTS] as const,
      ['/api/v1/data-sources', 'sort', 'name,,type', SORTS] as const,
      ['/api/v1/data-sources/{data_source_id}/schemas', 'fields', 'nonsense', PARTS] as const,
      ['/api/v1/data-sources/{data_source_id}/schemas', 'fields', 'Kind', PARTS] as const,
    ])('is told the list: %s %s=%s', async (path, name, word, words) => {
      const answer = await app.call('GET', `${path.replace('{data_source_id}', id)}?${name}=${word}`);
      expectProblem(answer, 422, 'VALIDATION_FAILED', name);
      const { errors } = answer.body as { errors: { detail: string }[] };
      expect(errors).toHaveLength(1);
      for (const allowed of words) expect(errors[0]?.detail).toContain(String(allowed));
    });

    it('stands for every such parameter', () => {
      expect(listed.map(({ name }) => name)).toEqual(
        expect.arrayContaining([
          'type',
          'category',
          'status',
          'state',
          'kind',
          'bucket',
          'outcome',
          'result',
        ]),
      );
    });
  });

  describe('at every operation', () => {
    const operations = ApiContract.routes().filter(({ path }) => path.startsWith('/api/'));
    const filled = (path: string): string =>
      path
        .replace('{data_source_id}', id)
        .replace('{run_id}', id)
        .replace('{type}', 'csv')
        .replace('{token}', 'x')
        .replace('{version}', '1');

    it.each(operations.filter(({ path }) => path.includes('_id}')))(
      '$id wants UUIDs',
      async ({ method, path }) => {
        for (const name of path.match(/(?<=\{)\w+_id(?=\})/g) ?? []) {
          const wrong = filled(path.replace(`{${name}}`, '12345678-1234-1234-1234-12345678901'));
          expectProblem(await app.call(method, wrong), 422, 'VALIDATION_FAILED', name);
        }
      },
    );

    it.each(operations)('$id refuses an unknown parameter', async ({ method, path }) => {
      const asked = `${filled(path)}?nope=1`;
      expectProblem(await app.call(method, asked), 422, 'VALIDATION_FAILED', 'nope');
      // Who may not even ask learns nothing about what it takes.
      if (path !== '/api/v1/files/{token}')
        expect((await app.call(method, asked, { token: 'a.b.c' })).status).toBe(401);
    });

    it.each(operations.filter(({ method }) => method !== 'GET'))(
      '$id refuses bad bodies',
      async ({ method, path }) => {
        const call = (body: string, type = 'application/json'): Promise<Answer> =>
          app.call(method, filled(path), { body, headers: { 'content-type': type } });
        expectProblem(await call('{'), 400, 'MALFORMED_REQUEST');
        expectProblem(await call('{"nope":1}'), 422, 'VALIDATION_FAILED', '/nope');
        expectProblem(await call('{"__proto__":{}}'), 422, 'VALIDATION_FAILED', '/__proto__');
        expectProblem(await call(' '.repeat(2_000_000)), 413, 'PAYLOAD_TOO_LARGE');
        expectProblem(await call('x', 'text/plain'), 415, 'UNSUPPORTED_MEDIA_TYPE');
      },
    );
  });

  it('a wrong method is told the right ones, and HEAD is answered like GET without a body', async () => {
    expect((await send('PUT', '/data-sources/:id')).headers.get('allow')).toBe('DELETE, GET, HEAD, PATCH');
    const headers = { authorization: `Bearer ${await app.token('viewer')}` };
    const head = await fetch(`${app.url}/api/v1/data-sources/${id}`, { method: 'HEAD', headers });
    const read = await send('GET', '/data-sources/:id');
    expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([
      200,
      '',
      read.headers.get('etag'),
    ]);
  });

  it('a preference that is not understood is left out of account (RFC 7240)', async () => {
    const headers = { prefer: 'wait=soon, return=representation; x="' };
    const { status } = await send('POST', '/data-sources/:id/discover-schema', { headers });
    expect(status).toBe(202);
  });

  it.each([
    ['nonsense', 'nonsense\r\n\r\n'],
    ['an unknown version', 'GET / HTTP/9.9\r\n\r\n'],
    ['headers of 20,000 signs', `GET / HTTP/1.1\r\nhost: a\r\nx-big: ${'a'.repeat(20_000)}\r\n\r\n`],
  ])('%s in place of HTTP is a problem too', async (_title, bytes) => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(bytes);
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('application/problem+json');
    expect(answer).toContain('"MALFORMED_REQUEST"');
  });

  it('floods are refused before they cost time (T111)', async () => {
    const began = performance.now();
    await send('POST', '/data-sources', text({ name: 'x', connection: csv, tags: many(100_000, String) }));
    // Generous: it is some milliseconds, and was 20 seconds.
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('and nothing of all this was kept', async () => {
    const { body } = await send('GET', '/data-sources?include_deleted=true');
    expect(body).toMatchObject({
      total: 1,
      items: [{ name: 'good', description: null, connection: csv, tags: [] }],
    });
  });
});
