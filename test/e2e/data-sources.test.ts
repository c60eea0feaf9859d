import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { servers } from '../support/servers.js';
import { until } from '../support/until.js';

interface View {
  id: string;
  status: string;
  version: number;
  status_reason: { code: string };
}

describe('a data source over HTTP', () => {
  let app: TestApp;
  let connection: Record<string, unknown>;

  beforeAll(async () => {
    app = await startApp();
    const server = await servers.postgres();
    connection = {
      type: 'postgresql',
      host: server.host,
      port: server.port,
      database: 'postgres',
      username: server.username,
      password: server.password,
      tls: { mode: 'disable' },
    };
  });

  afterAll(() => app.stop());

  const create = async (name: string, changes: Record<string, unknown> = {}): Promise<View> => {
    const { status, body } = await app.call('POST', '/data-sources', {
      body: { name, connection: { ...connection, ...changes } },
    });
    expect(status).toBe(201);
    return body as View;
  };
  const read = async (id: string): Promise<View> =>
    (await app.call('GET', `/data-sources/${id}`)).body as View;
  const settled = async (id: string): Promise<View> => {
    let view = await read(id);
    await until(
      async () => (view = await read(id)).status !== 'testing',
      'the test of the source ends',
      20_000,
    );
    return view;
  };

  it('is created, tested by itself and active', async () => {
    const made = await create('first');
    expect(made.status).toBe('testing');
    expect((await settled(made.id)).status).toBe('active');
  });

  it('fails with the code of its fault', async () => {
    const made = await create('wrong password', { password: 'not this one' });
    const view = await settled(made.id);
    expect(view).toMatchObject({ status: 'failed', status_reason: { code: 'AUTH_FAILED' } });
  });
});
