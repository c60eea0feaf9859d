import { beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { kafka } from '../../src/connectors/drivers/kafka.js';
import { AppError } from '../../src/common/app-error.js';
import { validateConnection } from '../../src/connectors/spi/index.js';
import { HttpApiServer, type Reply, type SeenRequest } from '../doubles/http-api-server.js';
import type { KafkaTestServer, SchemaRegistryTestServer } from '../servers/server-types.js';
import { KafkaAdmin } from '../support/kafka-admin.js';
import { describeOn, servers } from '../support/servers.js';
import {
  anywhere,
  datasetsOf,
  discoverAll,
  faultOf,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const plain = { mode: 'disable' } as const;

const AVRO = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'id', type: { type: 'string', logicalType: 'uuid' }, doc: 'Its number.' },
    { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
    { name: 'note', type: ['null', 'string'], default: null },
    {
      name: 'items',
      type: {
        type: 'array',
        items: { type: 'record', name: 'Item', fields: [{ name: 'sku', type: 'shop.Sku' }] },
      },
    },
  ],
};
/** A subject of its own, that the one above refers to. */
const SKU = { type: 'enum', name: 'Sku', namespace: 'shop', symbols: ['A', 'B'] };
const JSON_SCHEMA = {
  type: 'object',
  required: ['at'],
  properties: { at: { type: 'string', format: 'date-time' }, who: { $ref: 'who.json#/definitions/Who' } },
};
const WHO = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  definitions: { Who: { type: 'object', properties: { name: { type: 'string' } } } },
};
const PROTOBUF = `syntax = "proto3";
package shop.v1; // a comment
import "google/protobuf/timestamp.proto";
import "address.proto";
message Shipment {
  option deprecated = true;
  reserved 4, 5;
  enum State { STATE_UNKNOWN = 0; SENT = 1 [deprecated = true]; }
  message Parcel { double weight = 1; Shipment around = 2; }
  string id = 1 [json_name = "ID"];
  State state = 2;
  repeated .shop.v1.Shipment.Parcel parcels = 3;
  map<string, int64> counts = 6;
  optional google.protobuf.Timestamp sent_at = 7;
  oneof to { string shop = 8; shop.places.Address address = 9; }
}
`;
const ADDRESS = `syntax = "proto3";
package shop.places;
message Address { string city = 1; }
`;

/** Registers schemas, one after the other: what refers to others comes behind them. */
async function register(
  registry: SchemaRegistryTestServer,
  subjects: readonly (readonly [string, object])[],
): Promise<void> {
  const { host, port, path, username, password } = registry;
  const headers = {
    authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    'content-type': 'application/vnd.schemaregistry.v1+json',
  };
  for (const [subject, schema] of subjects) {
    const url = `http://${host}:${String(port)}${path}/subjects/${encodeURIComponent(subject)}/versions`;
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(schema) });
    if (!answer.ok) throw new Error(`${subject}: ${String(answer.status)} ${await answer.text()}`);
  }
}

/** A token server that checks the client and gives tokens without a signature for the user `admin`. */
async function startTokenServer(
  tls: KafkaTestServer['tls'],
  client: { readonly id: string; readonly secret: string; readonly expiresInS: () => number },
) {
  const login = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const answer = ({ method, headers, body }: SeenRequest): Reply => {
    if (headers.authorization !== login) return { status: 401, body: { error: 'invalid_client' } };
    if (method !== 'POST' || new URLSearchParams(body).get('grant_type') !== 'client_credentials')
      return { status: 400, body: { error: 'unsupported_grant_type' } };
    const now = Math.floor(Date.now() / 1000);
    const claims = { sub: 'admin', iat: now - 120, exp: now + client.expiresInS() };
    return {
      body: {
        access_token: `${part({ alg: 'none' })}.${part(claims)}.`,
        token_type: 'Bearer',
        expires_in: 600,
      },
    };
  };
  return HttpApiServer.start(answer, tls);
}

async function setUp(): Promise<ContractSource> {
  const server = await servers.kafka();
  const admin = await KafkaAdmin.connect(server.port);
  const id = randomBytes(4).toString('hex');
  const name = (topic: string): string => `${topic}-${id}`;
  await admin.createTopics([
    {
      name: name('orders'),
      partitions: 3,
      settings: { 'cleanup.policy': 'compact', 'retention.ms': '3600000' },
    },
    { name: name('events'), partitions: 1 },
    { name: name('shipments'), partitions: 1 },
    { name: name('bare'), partitions: 2 },
  ]);
  await admin.produce(name('events'), ['{"a":1}', '{"a":2}', '{"a":3}']);
  await admin.commit(name('mailer'), name('events'));
  const registry = await servers.schemaRegistry();
  remember(registry.password);
  const refer = (subject: string, as = subject) => ({ name: as, subject, version: 1 });
  await register(registry, [
    [name('sku'), { schema: JSON.stringify(SKU) }],
    [
      `${name('orders')}-value`,
      { schema: JSON.stringify(AVRO), references: [refer(name('sku'), 'shop.Sku')] },
    ],
    [`${name('orders')}-key`, { schema: '"string"' }],
    [name('who'), { schemaType: 'JSON', schema: JSON.stringify(WHO) }],
    [
      `${name('events')}-value`,
      {
        schemaType: 'JSON',
        schema: JSON.stringify(JSON_SCHEMA),
        references: [refer(name('who'), 'who.json')],
      },
    ],
    [name('address'), { schemaType: 'PROTOBUF', schema: ADDRESS }],
    [
      `${name('shipments')}-value`,
      { schemaType: 'PROTOBUF', schema: PROTOBUF, references: [refer(name('address'), 'address.proto')] },
    ],
  ]);
  return {
    connection: {
      type: 'kafka',
      host: 'localhost',
      port: server.saslPort,
      sasl: 'scram_sha_512',
      username: server.username,
      password: server.password,
      tls: plain,
      schema_registry: {
        host: registry.host,
        port: registry.port,
        path: registry.path,
        username: registry.username,
        password: registry.password,
        tls: plain,
      },
    },
    network: {
      address: { host: server.host, port: server.saslPort },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: ['topics'],
    datasets: ['orders', 'events', 'shipments', 'bare'].map((topic) => `topics.${name(topic)}`),
    filter: {
      include: [`topics.*s-${id}`],
      exclude: ['*.ship*'],
      leaves: [`topics.${name('orders')}`, `topics.${name('events')}`],
    },
    check(found) {
      expect(found.get(`topics.${name('orders')}`)).toMatchObject({
        kind: 'topic',
        row_estimate: 0,
        properties: {
          partitions: 3,
          replication_factor: 1,
          cleanup_policy: 'compact',
          retention_ms: 3_600_000,
          settings: ['cleanup.policy=compact', 'retention.ms=3600000'],
          value_schema: 'AVRO 1',
        },
        fields: [
          { name: 'id', type: 'uuid', comment: 'Its number.', nullable: false },
          { name: 'total', type: 'decimal', precision: 12, scale: 2 },
          { name: 'note', type: 'string', nullable: true },
          { name: 'items', type: 'array', fields: [{ name: 'sku', type: 'enum', values: ['A', 'B'] }] },
          { name: '_key', type: 'string', ordinal: 5 },
        ],
      });
      expect(found.get(`topics.${name('events')}`)).toMatchObject({
        row_estimate: 3,
        properties: { consumer_groups: [name('mailer')], value_schema: 'JSON 1', settings: [] },
        fields: [
          { name: 'at', type: 'timestamp_tz', nullable: false },
          { name: 'who', type: 'object', fields: [{ name: 'name' }] },
        ],
      });
      expect(found.get(`topics.${name('shipments')}`)?.fields).toMatchObject([
        { name: 'id', type: 'string', native_type: 'string' },
        { name: 'state', type: 'enum', values: ['STATE_UNKNOWN', 'SENT'] },
        { name: 'parcels', type: 'array', fields: [{ name: 'weight', type: 'float' }, { name: 'around' }] },
        { name: 'counts', type: 'map', native_type: 'map<string,int64>' },
        { name: 'sent_at', type: 'timestamp_tz', nullable: true },
        { name: 'shop', type: 'string', nullable: true },
        { name: 'address', type: 'object', fields: [{ name: 'city' }] },
      ]);
      expect(found.get(`topics.${name('bare')}`)?.fields).toEqual([]);
      expect([...found.keys()].filter((key) => key.includes('__consumer_offsets'))).toEqual([]);
    },
    async tearDown() {
      await admin.deleteTopics(['orders', 'events', 'shipments', 'bare'].map(name));
      admin.close();
    },
  };
}

describeConnector(kafka, {
  server: ['kafka', 'schemaRegistry'],
  beside: 'Apicurio Registry 2.6',
  setUp,
});

describeOn('kafka', 'a broker of Kafka', () => {
  let server: KafkaTestServer;
  beforeAll(async () => {
    server = await servers.kafka();
  });
  const opened = (fields: Connection) => openSession(kafka, { type: 'kafka', host: '127.0.0.1', ...fields });
  const named = () => ({ username: server.username, password: server.password });
  const discovered = async (fields: Connection) => {
    const session = await opened(fields);
    const events = await discoverAll(session);
    await session.close();
    return events;
  };

  test.each(['plain', 'scram_sha_256', 'scram_sha_512'])(
    'takes a login by %s, plain and in TLS',
    async (sasl) => {
      for (const place of [
        { port: server.saslPort, tls: plain },
        { port: server.tlsPort, tls: { ca: server.tls.ca } },
      ]) {
        const events = await discovered({ ...place, sasl, ...named() });
        expect(events.at(-1)).toMatchObject({ status: 'complete' });
        const wrong = opened({ ...place, sasl, ...named(), password: 'wrong' });
        expect((await faultOf(wrong)).code).toBe('AUTH_FAILED');
      }
    },
  );

  test('takes a token that a token server gives for client credentials, and refuses one that has expired', async () => {
    let expiresInS = 600;
    const secret = randomBytes(12).toString('hex');
    const tokens = await startTokenServer(server.tls, {
      id: 'catalog',
      secret,
      expiresInS: () => expiresInS,
    });
    const place = { port: server.tlsPort, tls: { ca: server.tls.ca }, sasl: 'oauthbearer' };
    const token_url = `https://localhost:${String(tokens.tlsPort)}/token`;
    const oauth2 = { token_url, client_id: 'catalog', client_secret: secret };
    try {
      expect((await discovered({ ...place, oauth2 })).at(-1)).toMatchObject({ status: 'complete' });
      const wrong = opened({ ...place, oauth2: { ...oauth2, client_secret: 'wrong' } });
      expect((await faultOf(wrong)).code).toBe('AUTH_FAILED');
      // The token server gives this one; the broker refuses it.
      expiresInS = -60;
      expect((await faultOf(opened({ ...place, oauth2 }))).code).toBe('AUTH_FAILED');
    } finally {
      await tokens.stop();
    }
  });

  test('T36: the address of the token server is judged like every other', async () => {
    const asked: unknown[] = [];
    const config = validateConnection(kafka, {
      type: 'kafka',
      host: '127.0.0.1',
      port: server.tlsPort,
      sasl: 'oauthbearer',
      tls: { ca: server.tls.ca },
      oauth2: { token_url: 'https://tokens.example:8443/t', client_id: 'c', client_secret: 's-36' },
    });
    const opening = kafka.open(config as never, {
      signal: AbortSignal.timeout(20_000),
      locate: (where) => {
        asked.push(where);
        if (where.host === '127.0.0.1') return anywhere(where);
        return Promise.reject(new AppError('EGRESS_DENIED', 'The address is in a private range.'));
      },
    });
    expect((await faultOf(opening)).code).toBe('EGRESS_DENIED');
    expect(asked).toContainEqual({ host: 'tokens.example', port: 8443 });
  });

  test('takes a client certificate, and refuses who has none', async () => {
    const { ca, client } = server.tls;
    const place = { port: server.clientCertificatePort };
    const tls = { ca, client_cert: client.cert, client_key: client.key };
    expect((await discovered({ ...place, tls })).at(-1)).toMatchObject({ status: 'complete' });
    expect(['TLS_FAILED', 'UNREACHABLE']).toContain((await faultOf(opened({ ...place, tls: { ca } }))).code);
  });

  test('that wants a login and gets none is told with what to do', async () => {
    const fault = await faultOf(opened({ port: server.saslPort, tls: plain }));
    expect(fault).toMatchObject({ code: 'UNREACHABLE', details: { hint: expect.stringContaining('sasl') } });
  });

  test('is not served by another mechanism', async () => {
    // The listener without SASL.
    const fault = await faultOf(opened({ port: server.port, tls: plain, sasl: 'plain', ...named() }));
    expect(['PROTOCOL', 'AUTH_FAILED', 'UNREACHABLE']).toContain(fault.code);
  });

  test('hides a topic that may not be described, and the rest is complete', async () => {
    const admin = await KafkaAdmin.connect(server.port);
    const id = randomBytes(4).toString('hex');
    await admin.createTopics([
      { name: `open-${id}`, partitions: 1 },
      { name: `secret-${id}`, partitions: 1 },
    ]);
    await admin.deny('reader', `secret-${id}`, 8);
    const place = { port: server.saslPort, tls: plain, sasl: 'plain', ...named(), username: 'reader' };
    const events = await discovered(place);
    await admin.deleteTopics([`open-${id}`, `secret-${id}`]);
    admin.close();
    const found = [...datasetsOf(events).keys()].filter((name) => name.endsWith(id));
    expect(found).toEqual([`topics.open-${id}`]);
  });

  test('names brokers that are judged like every other address', async () => {
    const config = validateConnection(kafka, {
      type: 'kafka',
      host: 'localhost',
      port: server.saslPort,
      sasl: 'plain',
      ...named(),
      tls: plain,
    });
    const asked: unknown[] = [];
    const session = await kafka.open(config as never, {
      signal: AbortSignal.timeout(20_000),
      locate: (where) => {
        asked.push(where);
        if (asked.length === 1) return anywhere({ host: '127.0.0.1', port: where.port });
        return Promise.reject(new AppError('EGRESS_DENIED', 'The address is in a private range.'));
      },
    });
    const events = await discoverAll(session);
    await session.close();
    expect(asked.slice(0, 2)).toEqual([
      { host: 'localhost', port: server.saslPort },
      { host: '127.0.0.1', port: server.saslPort },
    ]);
    expect(events.at(-1)).toMatchObject({
      status: 'partial',
      reason: expect.stringContaining('private range'),
    });
  });
});

describe('a connection to Kafka', () => {
  const refused = (fields: Connection): string[] => {
    try {
      validateConnection(kafka, { type: 'kafka', host: 'h', ...fields });
    } catch (error) {
      return ((error as AppError).details.errors ?? []).map(({ pointer = '' }) =>
        pointer.replace('/connection', ''),
      );
    }
    return [];
  };

  test.each<[Connection, string]>([
    [{ host: 'good:9092,evil:9092' }, '/host'],
    [{ sasl: 'plain' }, '/username'],
    [{ username: 'u' }, '/username'],
    [{ sasl: 'gssapi' }, '/sasl'],
    [{ sasl: 'oauthbearer' }, '/oauth2'],
    [
      { sasl: 'oauthbearer', oauth2: { client_id: 'c', token_url: 'file:///etc/passwd' } },
      '/oauth2/token_url',
    ],
    [
      { sasl: 'oauthbearer', oauth2: { client_id: 'c', token_url: 'http://169.254.169.254/' } },
      '/oauth2/token_url',
    ],
    [{ schema_registry: { host: 'http://evil/' } }, '/schema_registry/host'],
    [{ schema_registry: { host: 'r', path: '/a/../b?c' } }, '/schema_registry/path'],
    [{ brokers: ['a:1'] }, '/brokers'],
  ])('%j is refused', (fields, pointer) => {
    expect(refused(fields)).toEqual([pointer]);
  });
});
