import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nats } from '../../src/connectors/drivers/nats.js';
import { openNats } from '../../src/connectors/drivers/nats/nats-login.js';
import type { NatsLine } from '../../src/connectors/drivers/nats/nats-line.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { answers, freePort, programOf, ServerProcess } from '../servers/server-process.js';
import { describeOn, servers } from '../support/servers.js';
import { anywhere, datasetsOf, discoverAll, faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const plain = { mode: 'disable' } as const;

/** A line of an administrator, to make streams and messages by the same API. */
function adminLine(config: Omit<Parameters<typeof openNats>[0], 'tls'>): Promise<NatsLine> {
  return openNats({ ...config, tls: plain }, { signal: AbortSignal.timeout(20_000), locate: anywhere });
}

/** Publishes messages, and returns when the server has them. */
async function publish(
  { port, ...login }: { port: number; user: string; pass: string },
  messages: readonly (readonly [string, string])[],
): Promise<void> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  const lines = messages.map(([subject, text]) => `PUB ${subject} ${String(text.length)}\r\n${text}\r\n`);
  socket.write(`CONNECT ${JSON.stringify({ ...login, verbose: false })}\r\n${lines.join('')}PING\r\n`);
  let said = '';
  for await (const chunk of socket as AsyncIterable<string>) if ((said += chunk).includes('PONG\r\n')) break;
  socket.destroy();
}

async function setUp(): Promise<ContractSource> {
  const { host, port, username, password, tls } = await servers.nats();
  const admin = await adminLine({ host, port, username, password });
  const id = randomBytes(4).toString('hex');
  const orders = `orders-${id}`;
  const audit = `audit-${id}`;
  const make = (name: string, more: object) =>
    admin.ask(`STREAM.CREATE.${name}`, { name, storage: 'memory', ...more });
  await make(orders, { subjects: [`shop.${id}.>`], description: 'Orders of the shop', max_age: 3_600e9 });
  await make(audit, { subjects: [`audit.${id}`], retention: 'workqueue' });
  await make(`KV_${id}`, { subjects: [`$KV.${id}.>`], max_msgs_per_subject: 1 });
  await admin.ask(`CONSUMER.DURABLE.CREATE.${orders}.mailer`, {
    stream_name: orders,
    config: { durable_name: 'mailer', ack_policy: 'explicit' },
  });
  const order = (at: number) => ({ id: at, total: at + 0.5, ...(at % 2 ? { note: 'x' } : {}) });
  await publish({ port, user: username, pass: password }, [
    ...Array.from({ length: 30 }, (_, at) => [`shop.${id}.made`, JSON.stringify(order(at))] as const),
    [`audit.${id}`, 'no JSON'],
  ]);
  return {
    connection: { type: 'nats', host: 'localhost', port, username, password, tls: plain },
    network: {
      address: { host, port },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { domain: 'nowhere' },
      tls: { address: { host, port }, ca: tls.ca, otherCa: tls.otherCa },
    },
    scopes: ['jetstream'],
    datasets: [`jetstream.${orders}`, `jetstream.${audit}`, `jetstream.KV_${id}`],
    filter: {
      include: [`jetstream.*${id}`],
      exclude: ['*.KV_*', 'jetstream.audit*'],
      leaves: [`jetstream.${orders}`],
    },
    check(found) {
      expect(found.get(`jetstream.${orders}`)).toMatchObject({
        kind: 'topic',
        comment: 'Orders of the shop',
        row_estimate: 30,
        properties: { role: 'stream', retention: 'limits', max_age_s: 3_600, consumers: ['mailer'] },
        fields: [
          { name: 'id', type: 'integer', inferred: true, prevalence: 1 },
          { name: 'total', type: 'float' },
          { name: 'note', type: 'string', prevalence: 0.5 },
        ],
      });
      expect(found.get(`jetstream.${audit}`)).toMatchObject({ fields: [], row_estimate: 1 });
      expect(found.get(`jetstream.KV_${id}`)?.properties).toMatchObject({ role: 'key_value' });
    },
    async tearDown() {
      for (const name of [orders, audit, `KV_${id}`]) await admin.ask(`STREAM.DELETE.${name}`, {});
      await admin.close();
    },
  };
}

describeConnector(nats, { server: 'nats', setUp });

describeOn('nats', 'a NATS server of its own', () => {
  const user = (name: string, more = '') => `{ user: "${name}", password: "${name}-secret"${more} }`;
  /** Of the documentation of NATS. */
  const nkey = {
    seed: 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY',
    /** Of a key that the server does not know. */
    other: 'SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE',
    name: 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4',
  };
  const permissions = (publish: readonly string[]) =>
    `, permissions: { publish: ${JSON.stringify(publish)}, subscribe: ["_INBOX.>"] }`;
  const read = ['INFO', 'STREAM.NAMES', 'STREAM.LIST', 'CONSUMER.NAMES.*'].map((name) => `$JS.API.${name}`);
  let folder: string;
  let port: number;
  let server: ServerProcess;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nats-'));
    port = await freePort();
    const monitor = await freePort();
    const users = [
      user('admin'),
      user('reader', permissions([...read, '$JS.API.STREAM.MSG.GET.*'])),
      user('blind', permissions(read)),
      user('nobody', permissions(['$JS.API.INFO'])),
      `{ nkey: ${nkey.name} }`,
    ];
    await writeFile(
      join(folder, 'nats.conf'),
      `listen: "127.0.0.1:${String(port)}"\nhttp: "127.0.0.1:${String(monitor)}"\n` +
        `jetstream { store_dir: "${folder}/js" }\n` +
        `accounts: { A: { jetstream: enabled, users: [${users.join(', ')}] }, B: { users: [${user('poor')}] } }\n`,
    );
    const command = [programOf('nats-server'), '-c', join(folder, 'nats.conf')];
    server = await ServerProcess.start(command, join(folder, 'nats.log'));
    await server.untilReady(() => answers(`http://127.0.0.1:${String(monitor)}/varz`));
    const admin = await adminLine({ host: '127.0.0.1', port, username: 'admin', password: 'admin-secret' });
    await admin.ask('STREAM.CREATE.s', { name: 's', subjects: ['s'], storage: 'memory' });
    await admin.close();
    await publish({ port, user: 'admin', pass: 'admin-secret' }, [['s', '{"a":1}']]);
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  const opened = (login: object) =>
    openSession(nats, { type: 'nats', host: '127.0.0.1', port, tls: plain, ...login });
  const named = (name: string) => ({ username: name, password: `${name}-secret` });

  test('takes an nkey, and only the right one', async () => {
    const session = await opened({ nkey_seed: nkey.seed });
    expect(datasetsOf(await discoverAll(session)).get('jetstream.s')?.fields).toMatchObject([{ name: 'a' }]);
    await session.close();
    expect((await faultOf(opened({ nkey_seed: nkey.other }))).code).toBe('AUTH_FAILED');
  });

  test('is read with the permissions that the remedy names', async () => {
    const session = await opened(named('reader'));
    const events = await discoverAll(session);
    await session.close();
    expect(datasetsOf(events).get('jetstream.s')?.fields).toMatchObject([{ name: 'a', type: 'integer' }]);
    expect(events.at(-1)).toMatchObject({ status: 'complete' });
  });

  test('that lets no messages be read gives its streams, and says what is missing', async () => {
    const session = await opened(named('blind'));
    const events = await discoverAll(session);
    await session.close();
    expect(datasetsOf(events).get('jetstream.s')).toMatchObject({ row_estimate: 1, fields: [] });
    expect(events.at(-1)).toMatchObject({ status: 'partial', reason: expect.stringContaining('messages') });
  });

  test('that lets nothing be listed says so', async () => {
    const session = await opened(named('nobody'));
    expect((await faultOf(discoverAll(session))).code).toBe('PERMISSION_DENIED');
    await session.close();
  });

  test('whose account has no JetStream says so', async () => {
    expect((await faultOf(opened(named('poor')))).code).toBe('DATABASE_NOT_FOUND');
  });

  test('without TLS is not spoken to in clear', async () => {
    expect((await faultOf(opened({ ...named('admin'), tls: {} }))).code).toBe('TLS_FAILED');
  });

  test('takes one login at most', () => {
    const both = { type: 'nats', host: 'h', ...named('admin'), token: 'x', jwt: 'y' };
    expect(() => validateConnection(nats, both)).toThrow(
      expect.objectContaining({
        details: {
          errors: [
            expect.objectContaining({ pointer: '/connection/token' }),
            expect.objectContaining({ pointer: '/connection/jwt' }),
          ],
        },
      }),
    );
  });
});
