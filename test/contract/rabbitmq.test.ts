import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { rabbitmq } from '../../src/connectors/drivers/rabbitmq.js';
import type { RabbitMqTestServer } from '../servers/server-types.js';
import { describeOn, servers } from '../support/servers.js';
import { faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

type Api = (method: string, path: string, body?: unknown) => Promise<void>;

/** Calls the management API as the administrator. */
function adminOf({ host, managementPort, username, password }: RabbitMqTestServer): Api {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return async (method, path, body) => {
    const answer = await fetch(`http://${host}:${String(managementPort)}/api/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    });
    if (!answer.ok && answer.status !== 404) throw new Error(`${method} ${path}: ${String(answer.status)}`);
  };
}

/** An account of a test with a virtual host of its own. */
async function makeAccount(admin: Api, tags: string, vhost: string) {
  const username = `reader-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await admin('PUT', `users/${username}`, { password, tags });
  await admin('PUT', `vhosts/${encodeURIComponent(vhost)}`, {});
  return { username, password };
}

async function setUp(): Promise<ContractSource> {
  const server = await servers.rabbitmq();
  const admin = adminOf(server);
  const vhost = `shop/${randomBytes(4).toString('hex')}`;
  const at = encodeURIComponent(vhost);
  const { username, password } = await makeAccount(admin, 'management', vhost);
  await admin('PUT', `permissions/${at}/admin`, { configure: '.*', write: '.*', read: '.*' });
  await admin('PUT', `permissions/${at}/${username}`, { configure: '^$', write: '^$', read: '.*' });
  await admin('PUT', `exchanges/${at}/orders`, { type: 'topic', durable: true });
  await admin('PUT', `exchanges/${at}/audit`, { type: 'fanout', durable: false });
  await admin('PUT', `queues/${at}/orders`, { durable: true, arguments: { 'x-max-length': 1000 } });
  await admin('PUT', `queues/${at}/events`, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  await admin('PUT', `queues/${at}/mails`, { durable: false, auto_delete: false });
  await admin('POST', `bindings/${at}/e/orders/q/orders`, { routing_key: 'order.*' });
  await admin('POST', `bindings/${at}/e/orders/e/audit`, { routing_key: '#' });
  return {
    connection: {
      type: 'rabbitmq',
      host: 'localhost',
      port: server.managementPort,
      vhost,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: { host: server.host, port: server.managementPort },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { vhost: 'nowhere' },
      tls: {
        address: { host: server.host, port: server.managementTlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: [vhost],
    datasets: ['orders', 'events', 'mails', 'exchange:orders', 'exchange:audit'].map(
      (name) => `${vhost}.${name}`,
    ),
    filter: {
      include: [`${vhost}.*o*`],
      exclude: ['*exchange:*'],
      leaves: [`${vhost}.orders`],
    },
    check(found) {
      expect(found.size).toBe(5);
      expect(found.get(`${vhost}.orders`)).toMatchObject({
        kind: 'topic',
        fields: [],
        properties: {
          queue_type: 'classic',
          durable: true,
          bindings: ['orders order.*'],
          arguments: ['x-max-length=1000'],
        },
      });
      expect(found.get(`${vhost}.events`)?.properties).toMatchObject({ queue_type: 'quorum' });
      expect(found.get(`${vhost}.exchange:audit`)).toMatchObject({
        kind: 'resource',
        properties: { exchange_type: 'fanout', bindings: ['orders #'] },
      });
    },
    async tearDown() {
      await admin('DELETE', `vhosts/${at}`);
      await admin('DELETE', `users/${username}`);
    },
  };
}

describeConnector(rabbitmq, { server: 'rabbitmq', stateless: true, setUp });

describeOn('rabbitmq', 'an account of RabbitMQ', () => {
  let server: RabbitMqTestServer;
  let admin: Api;
  const vhost = `closed-${randomBytes(4).toString('hex')}`;
  const made: string[] = [];
  beforeAll(async () => {
    server = await servers.rabbitmq();
    admin = adminOf(server);
  });
  afterAll(async () => {
    for (const username of made) await admin('DELETE', `users/${username}`);
    await admin('DELETE', `vhosts/${vhost}`);
  });

  describe.each([
    ['without the tag', '', {}],
    ['without the virtual host', 'management', { vhost }],
  ])('%s', (_what, tags, fields) => {
    test('is told what is missing', async () => {
      const account = await makeAccount(admin, tags, vhost);
      made.push(account.username);
      const opened = openSession(rabbitmq, {
        type: 'rabbitmq',
        host: 'localhost',
        port: server.managementPort,
        ...account,
        ...fields,
        tls: { mode: 'disable' },
      });
      expect((await faultOf(opened)).code).toBe('PERMISSION_DENIED');
    });
  });
});
