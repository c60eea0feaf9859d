import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { WebServer } from '../doubles/web-server.js';
import { startApp, type TestApp } from '../support/app.js';
import { S3Admin } from '../support/s3-admin.js';
import { describeOn, servers } from '../support/servers.js';
import { createSource, settled } from '../support/sources.js';

const TEXT = 'id,amount\n1,2.50\n2,3.75\n';

describeOn('s3', 'a file in an object store', () => {
  let app: TestApp;
  let s3: Record<string, unknown>;
  let web: WebServer;
  const token = randomBytes(12).toString('hex');

  beforeAll(async () => {
    app = await startApp({ EGRESS_ALLOW: '127.0.0.0/8' });
    const admin = new S3Admin(await servers.s3());
    const bucket = `app-${randomBytes(6).toString('hex')}`;
    await admin.createBucket(bucket);
    await admin.put(bucket, 'in/orders.csv', TEXT);
    s3 = { bucket, ...admin.connection };
    web = await WebServer.start({ authorization: `Bearer ${token}` });
    web.files.set('orders.csv', Buffer.from(TEXT));
  });
  afterAll(async () => {
    await app.stop();
    await web.stop();
  });

  it('is registered, keeps its secret, and is read by a URL of the store', async () => {
    const made = await createSource(app, 'orders in S3', { type: 'csv', file_path: 'in/orders.csv', s3 });
    expect(await settled(app, made.id)).toMatchObject({
      status: 'active',
      secrets_set: ['s3.secret_access_key'],
      tls_unverified: true,
      connection: { s3: { bucket: s3.bucket } },
    });
    const { body, text, status } = await app.call('GET', `/data-sources/${made.id}/file-url?expires_in=60`);
    expect(status).toBe(200);
    expect(text).not.toContain(String(s3.secret_access_key));
    const file = await fetch((body as { url: string }).url);
    expect(await file.text()).toBe(TEXT);
  });

  it('says what to do where the store refuses', async () => {
    const connection = { type: 'csv', file_path: 'in/orders.csv', s3: { ...s3, secret_access_key: 'wrong' } };
    const { body } = await app.call('POST', '/data-sources/test', { body: { connection } });
    expect(body).toMatchObject({ outcome: 'failed', failed_at: 'auth' });
    const keyless = { type: 'csv', file_path: 'in/orders.csv', s3: { bucket: 'acme' } };
    expect(await app.call('POST', '/data-sources/test', { body: { connection: keyless } })).toMatchObject({
      status: 422,
      body: { code: 'AMBIENT_CREDENTIALS_FORBIDDEN' },
    });
  });

  it('behind a secret of a web server has no URL to give', async () => {
    const http = { host: '127.0.0.1', port: web.port, bearer_token: token, tls: { mode: 'disable' } };
    const made = await createSource(app, 'orders on the web', { type: 'csv', file_path: 'orders.csv', http });
    expect((await settled(app, made.id)).status).toBe('active');
    const { status, text } = await app.call('GET', `/data-sources/${made.id}/file-url`);
    expect(status).toBe(409);
    expect(text).toContain('without its secret');
  });
});
