import { beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { kafka } from '../../src/connectors/drivers/kafka.js';
import type { SchemaRegistryTestServer } from '../servers/server-types.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { KafkaAdmin } from '../support/kafka-admin.js';
import { describeOn, servers } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { datasetsOf, discoverAll, faultOf, openSession, type Connection } from './contract-source.js';

const plain = { mode: 'disable' } as const;

describeOn(['kafka', 'schemaRegistry'], 'a schema registry beside Kafka', () => {
  let place: Readonly<Record<string, unknown>>;
  let kafkaPort: number;
  let registry: SchemaRegistryTestServer;
  beforeAll(async () => {
    registry = await servers.schemaRegistry();
    kafkaPort = (await servers.kafka()).port;
    const { host, tlsPort, tls, path, username, password } = registry;
    place = { host, port: tlsPort, path, username, password, tls: { ca: tls.ca } };
  });
  const opened = (schema_registry: Connection) =>
    openSession(kafka, { type: 'kafka', host: '127.0.0.1', port: kafkaPort, tls: plain, schema_registry });

  test('is read over TLS that is verified', async () => {
    const session = await opened(place);
    expect((await discoverAll(session)).at(-1)).toMatchObject({ status: 'complete' });
    await session.close();
    const { ca } = makeTlsMaterial();
    expect((await faultOf(opened({ ...place, tls: { ca } }))).code).toBe('TLS_FAILED');
  });

  test.each([
    ['refuses the login', { password: 'wrong' }, 'AUTH_FAILED', ''],
    ['is somewhere else', { path: '/apis/ccompat/v70' }, 'PROTOCOL', 'schema_registry.path'],
  ])('that %s fails when it is tested, with what to do', async (_, fields, code, hint) => {
    const fault = await faultOf(opened({ ...place, ...fields }));
    expect(fault).toMatchObject({ code, message: expect.stringContaining('schema registry') });
    expect(fault.details.hint ?? '').toContain(hint);
  });

  test('that is gone later leaves the topics there, and the snapshot partial', async () => {
    const proxy = await TcpProxy.start({ host: registry.host, port: registry.port });
    const admin = await KafkaAdmin.connect(kafkaPort);
    const topic = `kept-${randomBytes(4).toString('hex')}`;
    await admin.createTopics([{ name: topic, partitions: 1 }]);
    try {
      const session = await opened({ ...place, port: proxy.port, tls: plain });
      await proxy.stop();
      const events = await discoverAll(session);
      await session.close();
      expect(datasetsOf(events).has(`topics.${topic}`)).toBe(true);
      expect(events.at(-1)).toMatchObject({
        status: 'partial',
        reason: expect.stringContaining('schema registry'),
      });
    } finally {
      await admin.deleteTopics([topic]);
      admin.close();
    }
  });
});
