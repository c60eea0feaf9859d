import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { elasticsearch } from '../../src/connectors/drivers/elasticsearch.js';
import { opensearch } from '../../src/connectors/drivers/opensearch.js';
import { failure, startCluster, type Cluster } from '../doubles/elastic-cluster.js';
import type { HttpApiServer, Reply, SeenRequest } from '../doubles/http-api-server.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { datasetsOf, discoverAll, EVERYTHING, faultOf, openSession } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const index = (properties: object, more: object = {}) => ({
  aliases: {},
  mappings: { properties },
  settings: { index: { creation_date: '1714557600000', number_of_shards: '3', number_of_replicas: '1' } },
  ...more,
});

const LOGS = ['.ds-logs-app-2024.05.01-000001', '.ds-logs-app-2024.05.02-000002'] as const;
const fillers = Array.from({ length: 150 }, (_, at) => `filler-${String(at).padStart(3, '0')}`);

const CLUSTER: Cluster = {
  version: { distribution: 'opensearch', number: '2.19.1' },
  indices: {
    '.opendistro_security': index({ secret: { type: 'keyword' } }),
    'top-secret': index({}),
    orders: index(
      {
        id: { type: 'keyword' },
        title: { type: 'text', fields: { raw: { type: 'keyword', ignore_above: 256 } } },
        customer: { properties: { name: { type: 'text' }, since: { type: 'date' } } },
        lines: { type: 'nested', properties: { sku: { type: 'keyword' }, price: { type: 'scaled_float' } } },
        place: { type: 'geo_point' },
        embedding: { type: 'knn_vector', dimension: 384 },
        number: { type: 'alias', path: 'id' },
      },
      { aliases: { shop: {}, all: { is_write_index: true } } },
    ),
    empty: index({}, { mappings: {} }),
    ...Object.fromEntries(fillers.map((name) => [name, index({ id: { type: 'long' } })])),
    [LOGS[0]]: index({ '@timestamp': { type: 'date' } }),
    [LOGS[1]]: index({ '@timestamp': { type: 'date' }, message: { type: 'match_only_text' } }),
  },
  attributes: {
    'top-secret': ['open', 'hidden'],
    [LOGS[0]]: ['hidden', 'open'],
    [LOGS[1]]: ['hidden', 'open'],
  },
  streams: { 'logs-app': LOGS },
  docs: { orders: 7, [LOGS[0]]: 100, [LOGS[1]]: 11 },
};

async function setUp(): Promise<ContractSource> {
  const [username, password] = ['reader', randomBytes(12).toString('hex')];
  const tls = makeTlsMaterial();
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = await startCluster(CLUSTER, basic, tls);
  return {
    connection: {
      type: 'opensearch',
      host: 'localhost',
      port: server.port,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: { host: server.host, port: server.port },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      tls: { address: { host: server.host, port: server.tlsPort }, ca: tls.ca, otherCa: tls.otherCa },
    },
    scopes: ['indices'],
    datasets: ['orders', 'empty', 'logs-app', ...fillers].map((name) => `indices.${name}`),
    filter: {
      include: ['indices.filler-00?', 'indices.ord*'],
      exclude: ['*filler*'],
      leaves: ['indices.orders'],
    },
    check(found) {
      expect([...found.keys()].filter((name) => /secret|security|\.ds-/.test(name))).toEqual([]);
      const orders = found.get('indices.orders');
      expect(orders).toMatchObject({
        kind: 'collection',
        row_estimate: 7,
        size_bytes: 1234,
        properties: {
          index_kind: 'index',
          aliases: ['all', 'shop'],
          shards: 3,
          replicas: 1,
          created_at: '2024-05-01T10:00:00.000Z',
          dynamic: 'true',
          health: 'green',
        },
      });
      expect(orders?.fields.map(({ name, native_type: native, type }) => [name, native, type])).toEqual([
        ['id', 'keyword', 'string'],
        ['title', 'text', 'string'],
        ['title.raw', 'keyword', 'string'],
        ['customer', 'object', 'object'],
        ['lines', 'nested', 'array'],
        ['place', 'geo_point', 'geometry'],
        ['embedding', 'knn_vector(384)', 'array'],
        ['number', 'alias', 'string'],
      ]);
      expect(orders?.fields[2]).toMatchObject({ generated: 'title' });
      expect(orders?.fields[4]?.fields?.map(({ name }) => name)).toEqual(['sku', 'price']);
      expect(found.get('indices.empty')?.fields).toEqual([]);
      expect(found.get('indices.logs-app')).toMatchObject({
        row_estimate: 111,
        size_bytes: 2468,
        fields: [{ name: '@timestamp', type: 'timestamp_tz' }, { name: 'message' }],
        properties: {
          index_kind: 'data_stream',
          backing_indices: 2,
          generation: 2,
          timestamp_field: '@timestamp',
          template: 'logs-app-template',
          lifecycle_policy: 'keep-a-year',
        },
      });
    },
    tearDown: () => server.stop(),
  };
}

describeConnector(opensearch, {
  double: 'HTTP server with the read calls of a cluster',
  stateless: true,
  unproven: { service: 'A double answers: roles and the certificates of accounts are not shown.' },
  setUp,
});

describe('a cluster of Elasticsearch or OpenSearch', () => {
  let server: HttpApiServer | undefined;
  afterEach(() => server?.stop());

  const elastic = { ...CLUSTER, version: { number: '9.1.0', build_flavor: 'default' } };
  const serve = async (
    authorization: string,
    cluster: Cluster = elastic,
    meddle?: (path: string, request: SeenRequest) => Reply | undefined,
  ) => {
    server = await startCluster(cluster, authorization, makeTlsMaterial(), meddle);
    return { type: 'elasticsearch', host: '127.0.0.1', port: server.port, tls: { mode: 'disable' } };
  };
  const bearer = { auth: 'bearer', bearer_token: 'tok.en-1' } as const;

  test.each([
    ['an API key as it is shown', { auth: 'api_key', api_key: 'aWQ6a2V5' }, 'ApiKey aWQ6a2V5'],
    ['an API key with its id', { auth: 'api_key', api_key: 'id:key' }, 'ApiKey aWQ6a2V5'],
    ['a token', bearer, 'Bearer tok.en-1'],
  ])('takes %s, and asks in the form of version 8', async (_, login, authorization) => {
    const connection = await serve(authorization);
    const session = await openSession(elasticsearch, { ...connection, ...login });
    expect(session.server).toEqual({ product: 'Elasticsearch', version: '9.1.0' });
    expect(datasetsOf(await discoverAll(session)).has('indices.logs-app')).toBe(true);
    await session.close();
    expect(new Set(server?.seen.map(({ headers }) => headers.accept))).toEqual(
      new Set(['application/vnd.elasticsearch+json;compatible-with=8']),
    );
  });

  test.each([
    ['a wrong key', { auth: 'api_key', api_key: 'wrong-key-1' }, 'AUTH_FAILED'],
    ['a key that is missing', { auth: 'api_key' }, 'AUTH_FAILED'],
    ['fields of two logins', { ...bearer, username: 'me' }, 'CONFIG_INVALID'],
    ['no user name', {}, 'CONFIG_INVALID'],
  ])('refuses %s', async (_, login, code) => {
    const connection = await serve('Bearer tok.en-1');
    const opened = Promise.resolve().then(() => openSession(elasticsearch, { ...connection, ...login }));
    expect((await faultOf(opened)).code).toBe(code);
  });

  test('is not OpenSearch where Elasticsearch is asked for', async () => {
    const connection = await serve('Bearer tok.en-1', CLUSTER);
    expect((await faultOf(openSession(elasticsearch, { ...connection, ...bearer }))).code).toBe('PROTOCOL');
  });

  test('is asked for nothing but what the globs may choose', async () => {
    const connection = await serve('Bearer tok.en-1');
    const session = await openSession(elasticsearch, { ...connection, ...bearer });
    await discoverAll(session, { ...EVERYTHING, include: ['indices.ord?rs', 'indices._bad', 'other.x'] });
    await session.close();
    expect(server?.seen.map(({ url }) => new URL(url, 'http://double').pathname)).toEqual([
      '/',
      '/_resolve/index/ord*rs',
      '/orders',
      '/_cat/indices/orders',
    ]);
  });

  test('tells its mappings to an account that may see nothing else', async () => {
    const connection = await serve('Bearer tok.en-1', elastic, (path) =>
      path === '/' || path.startsWith('/_cat') || path.startsWith('/_data_stream')
        ? failure(403, 'security_exception')
        : undefined,
    );
    const session = await openSession(elasticsearch, { ...connection, ...bearer });
    expect(session.server.version).toBe('unknown');
    const events = await discoverAll(session);
    await session.close();
    expect(events.at(-1)).toMatchObject({ event: 'scope_ended', status: 'complete' });
    const orders = datasetsOf(events).get('indices.orders');
    expect(orders?.fields).toHaveLength(8);
    expect(orders).not.toHaveProperty('row_estimate');
  });

  test('says so where the account may list nothing, or the mappings are refused', async () => {
    const connection = await serve('Bearer tok.en-1', elastic, (path) =>
      path.startsWith('/_resolve') ? failure(403, 'security_exception') : undefined,
    );
    const session = await openSession(elasticsearch, { ...connection, ...bearer });
    expect((await faultOf(discoverAll(session))).code).toBe('PERMISSION_DENIED');
    await session.close();
    await server?.stop();
    const other = await serve('Bearer tok.en-1', elastic, (path) =>
      path.startsWith('/orders') ? failure(403, 'security_exception') : undefined,
    );
    const second = await openSession(elasticsearch, { ...other, ...bearer });
    const events = await discoverAll(second, { ...EVERYTHING, include: ['indices.orders'] });
    await second.close();
    expect(events.at(-1)).toMatchObject({ status: 'failed', code: 'PERMISSION_DENIED' });
  });

  test('reads long mappings, and leaves out only those that are too long', async () => {
    const fields = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, at) => [
        `field_${String(at)}`,
        { type: 'keyword', ignore_above: at },
      ]),
    );
    const wide = {
      version: elastic.version,
      indices: { wide: index(fields), huge: index({}), small: index({}) },
    };
    const filler = Buffer.alloc(65 * 1024 * 1024, 0x20);
    const connection = await serve('Bearer tok.en-1', wide, (path) =>
      !path.startsWith('/_') && path.includes('huge') ? { body: filler } : undefined,
    );
    const session = await openSession(elasticsearch, { ...connection, ...bearer });
    const events = await discoverAll(session);
    await session.close();
    const found = datasetsOf(events);
    expect(found.get('indices.wide')?.fields).toHaveLength(5_000);
    expect([...found.keys()].sort()).toEqual(['indices.small', 'indices.wide']);
    const [end] = events.filter((event) => event.event === 'scope_ended');
    expect(end).toMatchObject({ status: 'partial' });
    expect(end?.reason).toContain('huge');
  });
});
