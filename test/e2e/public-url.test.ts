import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { settled } from '../support/sources.js';

jest.setTimeout(60_000);

/** What a client, or a proxy that passes on what it gets, may claim. */
const CLAIMS = {
  host: 'evil.example',
  forwarded: 'host=evil.example;proto=https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '444',
  'x-forwarded-prefix': '/evil',
};

describe.each([
  ['without PUBLIC_URL', undefined, ''],
  ['with an origin', 'https://data.example.com', ''],
  ['with a path', 'https://data.example.com/sources/', '/sources'],
])('URLs that the API gives out, %s', (_, given, path) => {
  let app: TestApp;
  let base: string;

  beforeAll(async () => {
    app = await startApp(given === undefined ? {} : { PUBLIC_URL: given });
    base = given === undefined ? app.url : `https://data.example.com${path}`;
    const folder = join(app.config.filesRoot, app.orgId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'orders.csv'), 'id,amount\n1,2.50\n');
  });
  afterAll(() => app.stop());

  async function ask(method: 'GET' | 'POST', url: string, payload?: object) {
    const authorization = `Bearer ${await app.token('admin')}`;
    return app.app.inject({
      method,
      url: `/api/v1${url}`,
      headers: { ...CLAIMS, authorization },
      ...(payload ? { payload } : {}),
    });
  }

  it('begin with what the operator said, whatever the request claims', async () => {
    const create = (name: string) =>
      ask('POST', '/data-sources', { name, connection: { type: 'csv', file_path: 'orders.csv' } });
    const made = await create('one');
    const { id } = made.json<{ id: string }>();
    expect(made.headers.location).toBe(`${path}/api/v1/data-sources/${id}`);
    await settled(app, id);

    const signed = await ask('GET', `/data-sources/${id}/file-url`);
    const { url } = signed.json<{ url: string }>();
    expect(url.slice(0, url.lastIndexOf('/'))).toBe(`${base}/api/v1/files`);
    const file = await fetch(`${app.url}${url.slice(base.length)}`);
    expect(await file.text()).toBe('id,amount\n1,2.50\n');

    await settled(app, (await create('two')).json<{ id: string }>().id);
    const page = await ask('GET', '/data-sources?limit=1');
    expect(page.headers.link).toMatch(new RegExp(`^<${path}/api/v1/data-sources\\?[^>]+>; rel="next"$`));
  });

  it('stand first among the servers of the OpenAPI document', async () => {
    const answer = await app.app.inject({ url: '/docs-json', headers: CLAIMS });
    const servers = answer.json<{ servers: { url: string }[] }>().servers.map(({ url }) => url);
    expect(servers).toEqual(given === undefined ? ['/'] : [base, '/']);
  });
});
