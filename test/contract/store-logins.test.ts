import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { openStore, type StoreConfig } from '../../src/connectors/families/files/store-spec.js';
import { entraTokens } from '../../src/connectors/families/http/entra-token.js';
import { StsServer } from '../doubles/sts-server.js';
import { WebServer } from '../doubles/web-server.js';
import { AzureAdmin } from '../support/azure-admin.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { S3Admin } from '../support/s3-admin.js';
import { describeOn, servers } from '../support/servers.js';
import { anywhere, faultOf } from './contract-source.js';
import { noise } from './store-fixtures.js';

const signal = AbortSignal.timeout(600_000);
const context = { signal, locate: anywhere };

const statOf = async (config: StoreConfig, path: string) => {
  const store = await openStore(config, context);
  try {
    return await store.stat(path, signal);
  } finally {
    await store.close();
  }
};

describe('S3 with a role', () => {
  const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: randomBytes(12).toString('hex') };
  const role = 'arn:aws:iam::123456789012:role/reader';
  let server: StsServer;
  beforeAll(async () => {
    server = await StsServer.start({ key, role, externalId: 'tenant-7' });
  });
  afterAll(() => server.stop());

  const config = (changes: Readonly<Record<string, string>> = {}): StoreConfig => ({
    s3: {
      bucket: 'acme',
      host: '127.0.0.1',
      port: server.port,
      access_key_id: key.accessKeyId,
      secret_access_key: key.secretAccessKey,
      role_arn: role,
      external_id: 'tenant-7',
      tls: { mode: 'disable' },
      ...changes,
    },
  });

  test('reads with the keys of the role, which it asks for once', async () => {
    const store = await openStore(config(), context);
    const asked = server.asked;
    await Promise.all([store.stat('a.csv', signal), store.stat('b.csv', signal)]);
    await store.stat('c.csv', signal);
    expect(server.asked).toBe(asked + 1);
    const url = await store.presign('a.csv', 60, signal);
    expect(url).toMatchObject({ url: expect.stringContaining('X-Amz-Security-Token=temporary-token') });
    await store.close();
  });

  test('has a code for a wrong key, and for a wrong external ID', async () => {
    expect((await faultOf(statOf(config({ secret_access_key: 'wrong' }), 'a.csv'))).code).toBe('AUTH_FAILED');
    expect((await faultOf(statOf(config({ external_id: 'tenant-8' }), 'a.csv'))).code).toBe(
      'PERMISSION_DENIED',
    );
  });
});

describeOn('s3', 'S3 without keys', () => {
  test('reads what is public, and nothing else', async () => {
    const admin = new S3Admin(await servers.s3());
    const bucket = `public-${randomBytes(6).toString('hex')}`;
    await admin.createBucket(bucket);
    await admin.put(bucket, 'a.csv', 'x\n1\n');
    const { host, port, tls } = admin.connection;
    const config: StoreConfig = { s3: { bucket, host, port, tls, anonymous: true } };
    expect((await faultOf(statOf(config, 'a.csv'))).code).toBe('PERMISSION_DENIED');
    const statement = {
      Effect: 'Allow',
      Principal: '*',
      Action: ['s3:GetObject'],
      Resource: `arn:aws:s3:::${bucket}/*`,
    };
    await admin.configure(
      bucket,
      'policy',
      JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    );
    expect((await statOf(config, 'a.csv')).size).toBe(4);
  });
});

describeOn('azureBlob', 'Azure with a SAS', () => {
  test('reads with it, and never gives it away', async () => {
    const server = await servers.azureBlob();
    const admin = new AzureAdmin(server);
    const container = `sas-${randomBytes(6).toString('hex')}`;
    await admin.createContainer(container);
    await admin.put(container, 'a.csv', 'x\n1\n');
    const { host, port, account, tls } = admin.connection;
    const place = { host, port, account, tls };
    const sas = (secret: string, seconds: number): StoreConfig => {
      const se = new Date(Date.now() + seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
      const lines = ['rl', '', se, `/blob/${server.account}/${container}`, '', '', '', '2021-12-02', 'c'];
      const signed = [...lines, '', '', '', '', '', '', ''].join('\n');
      const sig = createHmac('sha256', Buffer.from(secret, 'base64')).update(signed).digest('base64');
      const query = new URLSearchParams({ sv: '2021-12-02', se, sr: 'c', sp: 'rl', sig }).toString();
      return { azure_blob: { container, ...place, sas_token: query } };
    };
    expect((await statOf(sas(server.accountKey, 60), 'a.csv')).size).toBe(4);
    expect((await faultOf(statOf(sas(server.accountKey, -60), 'a.csv'))).code).toBe('AUTH_FAILED');
    const wrong = randomBytes(64).toString('base64');
    expect((await faultOf(statOf(sas(wrong, 60), 'a.csv'))).code).toBe('AUTH_FAILED');
    const store = await openStore(sas(server.accountKey, 60), context);
    expect((await faultOf(store.presign('a.csv', 60, signal))).code).toBe('UNSUPPORTED');
    await store.close();
  });
});

test('an application of Entra gets its token at Microsoft, and nowhere else', async () => {
  const tls = makeTlsMaterial(['login.microsoftonline.com']);
  const secret = randomBytes(12).toString('hex');
  const server = createServer({ cert: tls.server.cert, key: tls.server.key }, (request, response) => {
    void text(request).then((body) => {
      const good =
        new URLSearchParams(body).get('client_secret') === secret && request.url?.startsWith('/acme/');
      response.writeHead(good === true ? 200 : 401, { 'content-type': 'application/json' });
      response.end(good === true ? '{"access_token":"entra-token","expires_in":3600}' : '{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const asked: string[] = [];
  const { port } = server.address() as AddressInfo;
  const locate = ({ host }: { host: string }) => {
    asked.push(host);
    return Promise.resolve({ host: '127.0.0.1', port });
  };
  const application = { tenant: 'acme', client: 'c', scope: 'https://storage.azure.com/.default' };
  const options = { tls: { mode: 'disable', ca: tls.ca } as const, context: { signal, locate } };
  expect(await entraTokens({ ...application, secret }, options).get(signal)).toBe('entra-token');
  const wrong = entraTokens({ ...application, secret: 'wrong' }, options).get(signal);
  expect((await faultOf(wrong)).code).toBe('AUTH_FAILED');
  const untrusted = entraTokens({ ...application, secret }, { context: { signal, locate } }).get(signal);
  expect((await faultOf(untrusted)).code).toBe('TLS_FAILED');
  expect(new Set(asked)).toEqual(new Set(['login.microsoftonline.com']));
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

describe('a web server', () => {
  const started: WebServer[] = [];
  const start = async (options?: Parameters<typeof WebServer.start>[0]): Promise<WebServer> => {
    const server = await WebServer.start(options);
    server.files.set('a.csv', Buffer.from('x\n1\n'));
    started.push(server);
    return server;
  };
  const web = ({ port }: WebServer, more: object = {}): StoreConfig => ({
    http: { host: '127.0.0.1', port, tls: { mode: 'disable' }, ...more },
  });
  afterAll(() => Promise.all(started.map((server) => server.stop())));

  test('is never followed elsewhere', async () => {
    const fault = await faultOf(statOf(web(await start()), 'moved/a.csv'));
    expect(fault.code).toBe('PROTOCOL');
    expect(fault.message).toContain('redirect');
  });

  test('without ranges gives short files whole, and no long ones', async () => {
    const server = await start({ ranges: false });
    const long = noise(1_000_000, 'long');
    server.files.set('long.csv', long);
    server.files.set('huge.csv', Buffer.alloc(9 * 2 ** 20));
    const store = await openStore(web(server), context);
    const file = await store.open('long.csv', signal);
    expect(Buffer.from(await file.read(900_000, 50, signal)).equals(long.subarray(900_000, 900_050))).toBe(
      true,
    );
    expect((await faultOf(store.open('huge.csv', signal))).code).toBe('UNSUPPORTED');
    await store.close();
  });

  test('that names no version still shows another content', async () => {
    const server = await start({ versions: false });
    const first = await statOf(web(server), 'a.csv');
    server.files.set('a.csv', Buffer.from('x\n2\n'));
    expect((await statOf(web(server), 'a.csv')).version).not.toBe(first.version);
  });

  test('takes a bearer token, and gives no URL that would need it', async () => {
    const token = randomBytes(12).toString('hex');
    const server = await start({ authorization: `Bearer ${token}` });
    expect((await statOf(web(server, { bearer_token: token }), 'a.csv')).size).toBe(4);
    expect((await faultOf(statOf(web(server, { bearer_token: 'wrong' }), 'a.csv'))).code).toBe('AUTH_FAILED');
    expect((await faultOf(statOf(web(server), 'a.csv'))).code).toBe('AUTH_FAILED');
    const store = await openStore(web(server, { bearer_token: token }), context);
    expect((await faultOf(store.presign('a.csv', 60, signal))).code).toBe('UNSUPPORTED');
    await store.close();
  });

  test('cannot be listed', async () => {
    const store = await openStore(web(await start()), context);
    expect(() => store.list('', { signal })).toThrow('cannot list');
    await store.close();
  });
});
