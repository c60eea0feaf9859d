import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { queryOnce } from '../support/product-database.js';
import { createSource, postgresConnection, readSource, settled } from '../support/sources.js';

/** A listener that counts who dials it: a stored secret must never get this far. */
class Trap {
  dials = 0;
  private readonly server: Server = createServer((socket) => {
    this.dials++;
    socket.destroy();
  });

  async open(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}

const CA = '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUaaaa\n-----END CERTIFICATE-----';

let app: TestApp;
let connection: Record<string, unknown>;
let id: string;
const trap = new Trap();
let trapPort: number;

beforeAll(async () => {
  app = await startApp();
  trapPort = await trap.open();
  connection = await postgresConnection();
  const made = await createSource(app, 'with a secret', connection);
  id = (await settled(app, made.id)).id;
});

afterAll(async () => {
  await app.stop();
  await trap.close();
});

const tokens = () =>
  queryOnce<{ token: string }>(
    app.database.superuserUrl,
    'SELECT token FROM credentials WHERE data_source_id = $1',
    [id],
  );

const destinations: [string, () => Record<string, unknown>][] = [
  ['host', () => ({ host: 'localhost' })],
  ['port', () => ({ port: trapPort })],
  ['host and port', () => ({ host: 'localhost', port: trapPort })],
  ['database', () => ({ database: 'template1' })],
  ['user name (T14)', () => ({ username: 'somebody' })],
  ['TLS mode', () => ({ tls: { mode: 'require' } })],
  ['TLS to its default', () => ({ tls: null })],
  ['CA', () => ({ tls: { ca: CA } })],
  ['server name', () => ({ tls: { server_name: 'evil.example.com' } })],
];

describe('a stored secret goes only where it was meant to go', () => {
  it.each(destinations)('T01: PATCH of %s without the secret changes nothing', async (_, change) => {
    const before = await readSource(app, id);
    const stored = await tokens();
    const { status, body } = await app.call('PATCH', `/data-sources/${id}`, {
      body: { connection: change() },
    });
    expect({ status, body }).toMatchObject({
      status: 422,
      body: { code: 'CREDENTIALS_REENTRY_REQUIRED', errors: [{ pointer: '/connection/password' }] },
    });
    expect(await readSource(app, id)).toEqual(before);
    expect(await tokens()).toEqual(stored);
    expect(trap.dials).toBe(0);
  });

  it.each(destinations)('T02: a test with another %s without the secret dials nothing', async (_, change) => {
    const { status, body } = await app.call('POST', `/data-sources/${id}/test`, {
      body: { connection: change() },
    });
    expect({ status, body }).toMatchObject({ status: 422, body: { code: 'CREDENTIALS_REENTRY_REQUIRED' } });
    expect(trap.dials).toBe(0);
  });

  it('T02: a test with its own secret uses that one', async () => {
    const body = { connection: { host: 'localhost', password: 'its own' } };
    const { body: result } = await app.call('POST', `/data-sources/${id}/test`, { body });
    expect(result).toMatchObject({ outcome: 'failed', failed_at: 'auth' });
    expect((await readSource(app, id)).status).toBe('active');
  });

  it('T03: the type cannot change', async () => {
    for (const change of [{ type: 'redis' }, { type: 'mysql', password: 'x' }, { type: 'PostgreSQL' }]) {
      const { status, body } = await app.call('PATCH', `/data-sources/${id}`, {
        body: { connection: change },
      });
      expect({ status, body }).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/connection/type' }] },
      });
    }
  });

  it('T05: weaker TLS needs the secret and a permission of its own', async () => {
    const made = await createSource(app, 'strong', { ...connection, tls: { mode: 'verify_full' } });
    await settled(app, made.id);
    const weaker = { connection: { tls: { mode: 'disable' }, password: connection.password } };
    const refused = await app.call('PATCH', `/data-sources/${made.id}`, { body: weaker, as: 'editor' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    expect((await readSource(app, made.id)).connection).toMatchObject({ tls: { mode: 'verify_full' } });
    expect((await app.call('PATCH', `/data-sources/${made.id}`, { body: weaker })).status).toBe(200);
  });

  it.each([
    '********',
    '--------',
    '***',
    '**MetabasePass**',
    '{{secret}}',
    '${password}',
    'gAAAAABinary',
    'vault:x',
  ])('T08, T113, T121: %s is a password like any other', async (password) => {
    const { body } = await app.call('POST', `/data-sources/${id}/test`, {
      body: { connection: { password } },
    });
    expect(body).toMatchObject({ outcome: 'failed', failed_at: 'auth' });
    const changed = await app.call('PATCH', `/data-sources/${id}/credentials`, { body: { password } });
    expect(changed).toMatchObject({ status: 422, body: { code: 'AUTH_FAILED' } });
    expect((await app.call('POST', `/data-sources/${id}/test`)).body).toMatchObject({ outcome: 'degraded' });
  });

  it('T10: a source of another organization is not found, and its secret is not read', async () => {
    const orgId = '0198c0de-3333-7000-8000-000000000001';
    for (const [method, path, body] of [
      ['POST', `/data-sources/${id}/test`, undefined],
      ['POST', `/data-sources/${id}/test`, { connection: { host: 'localhost', port: trapPort } }],
      ['PATCH', `/data-sources/${id}/credentials`, { password: 'x' }],
      ['PATCH', `/data-sources/${id}`, { connection: { port: trapPort } }],
    ] as const)
      expect((await app.call(method, path, { orgId, body })).status).toBe(404);
    expect(trap.dials).toBe(0);
  });

  it('equal destinations after normalisation need no secret', async () => {
    const host = connection.host as string;
    const made = await createSource(app, 'normalised', { ...connection, host: 'localhost' });
    expect((await settled(app, made.id)).status).toBe('active');
    const { status } = await app.call('PATCH', `/data-sources/${made.id}`, {
      body: { connection: { host: 'LOCALHOST.' } },
    });
    expect({ host, status }).toEqual({ host, status: 200 });
    expect((await settled(app, made.id)).status).toBe('active');
  });

  it.each([
    ['T16', { sslcert: '/etc/passwd' }],
    ['T16', { ssl: { ca: '/etc/passwd' } }],
    ['T16', { tls: { ca: '/etc/passwd' } }],
    ['T17', { url: 'postgres://u:p@good/d?host=127.0.0.1' }],
    ['T18', { host: '/var/run/postgresql' }],
    ['T18', { host: '%2Fvar%2Frun' }],
    ['T19', { options: '-c statement_timeout=0' }],
    ['T37', { 'x"; drop': 1 }],
    ['T40', { passexec_cmd: 'id' }],
    ['T49', { host: 'good@evil' }],
    ['T107', { constructor_: { prototype: {} } }],
    ['T13', { host: 'good:27017,evil:27017' }],
  ])('%s: %j is refused and names the field', async (_, change) => {
    const { status, body, text } = await app.call('POST', '/data-sources', {
      body: { name: 'refused', connection: { ...connection, ...change } },
    });
    // Names that would reach for a prototype are refused before the connection is looked at.
    const code = expect.stringMatching(/^(CONFIG_INVALID|VALIDATION_FAILED)$/) as unknown;
    expect({ status, body }).toMatchObject({ status: 422, body: { code } });
    expect((body as { errors: { pointer: string }[] }).errors[0]?.pointer).toMatch(/^\/connection\//);
    expect(text).not.toContain('/etc/passwd');
    expect(text).not.toContain(String(connection.password));
  });

  it.each(['sqlite+pysqlite', 'SQLITE', 'postgresql ', '__proto__', 'toString', 1, null, ['postgresql']])(
    'T38: type %j is refused',
    async (type) => {
      const { status, body } = await app.call('POST', '/data-sources', {
        body: { name: 'x', connection: { ...connection, type } },
      });
      expect({ status, body }).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/connection/type' }] },
      });
    },
  );
});
