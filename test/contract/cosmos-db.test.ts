import { expect } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { cosmosDb } from '../../src/connectors/drivers/cosmos-db.js';
import { keepOpen } from '../doubles/kept-open.js';
import { makeTlsMaterial } from '../support/certificates.js';
import { servers, type CosmosDbTestServer } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

/** Makes or drops something: signed as the service wants it, by other code than the connector's. */
function write(server: CosmosDbTestServer, method: string, path: string, body?: object): Promise<void> {
  const parts = path.split('/').filter(Boolean);
  const list = parts.length % 2 === 1;
  const type = (list ? parts.at(-1) : parts.at(-2)) ?? '';
  const link = (list ? parts.slice(0, -1) : parts).join('/');
  const date = new Date().toUTCString();
  const signature = createHmac('sha256', Buffer.from(server.accountKey, 'base64'))
    .update([method.toLowerCase(), type, link, date.toLowerCase(), '', ''].join('\n'))
    .digest('base64');
  const headers = {
    authorization: encodeURIComponent(`type=master&ver=1.0&sig=${signature}`),
    'x-ms-date': date,
    'x-ms-version': '2018-12-31',
    'content-type': 'application/json',
    ...(body && 'tenant' in body ? { 'x-ms-documentdb-partitionkey': JSON.stringify([body.tenant]) } : {}),
  };
  const { host, port } = server;
  return new Promise((resolve, reject) => {
    const asked = request(
      { host, port, ca: server.tls.ca, path, method, headers, agent: false },
      (answer) => {
        const ok = (answer.statusCode ?? 500) < 300;
        answer.resume().on('end', () => {
          if (ok) resolve();
          else reject(new Error(`${method} ${path}: ${String(answer.statusCode)}`));
        });
      },
    );
    asked.setTimeout(20_000, () => asked.destroy(new Error('no answer'))).on('error', reject);
    asked.end(body ? JSON.stringify(body) : undefined);
  });
}

async function setUp(): Promise<ContractSource> {
  const server = await servers.cosmosdb();
  const suffix = randomBytes(4).toString('hex');
  const [shop, other] = [`shop-${suffix}`, `Größe & ${suffix}`];
  const fillers = Array.from({ length: 15 }, (_, at) => `filler-${String(at).padStart(2, '0')}`);
  await write(server, 'POST', '/dbs', { id: shop });
  await write(server, 'POST', '/dbs', { id: other });
  const partitionKey = { paths: ['/tenant'], kind: 'Hash', version: 2 };
  await write(server, 'POST', `/dbs/${shop}/colls`, {
    id: 'orders',
    partitionKey,
    defaultTtl: 3600,
    uniqueKeyPolicy: { uniqueKeys: [{ paths: ['/number'] }, { paths: ['/address/city'] }] },
    indexingPolicy: {
      indexingMode: 'consistent',
      includedPaths: [{ path: '/*' }],
      excludedPaths: [{ path: '/note/?' }],
      compositeIndexes: [
        [
          { path: '/placed', order: 'ascending' },
          { path: '/total', order: 'descending' },
        ],
      ],
    },
  });
  for (const id of [...fillers, 'empty'])
    await write(server, 'POST', `/dbs/${shop}/colls`, { id, partitionKey });
  for (let at = 0; at < 30; at += 1)
    await write(server, 'POST', `/dbs/${shop}/colls/orders/docs`, {
      id: `o${String(at)}`,
      tenant: `t${String(at % 3)}`,
      number: at,
      total: 1.5,
      paid: true,
      tags: ['a'],
      address: { city: `city ${String(at)}` },
    });
  const tls = makeTlsMaterial();
  const front = await keepOpen(server, tls);
  return {
    connection: {
      type: 'cosmos_db',
      host: 'localhost',
      port: front.port,
      account_key: server.accountKey,
      sample_items: 10,
      tls: { ca: tls.ca },
    },
    network: {
      address: front,
      wrongPassword: { account_key: randomBytes(64).toString('base64') },
      wrongDatabase: { database: 'nowhere' },
      tls: { address: front, ca: tls.ca, otherCa: tls.otherCa },
    },
    scopes: [shop, other],
    datasets: ['orders', 'empty', ...fillers].map((name) => `${shop}.${name}`),
    filter: {
      include: [`${shop}.filler-1?`, `${shop}.ord*`],
      exclude: ['*.filler-*'],
      leaves: [`${shop}.orders`],
    },
    check(found) {
      const orders = found.get(`${shop}.orders`);
      expect(orders).toMatchObject({
        kind: 'collection',
        primary_key: { columns: ['tenant', 'id'] },
        unique_keys: [{ name: 'unique_1', columns: ['tenant', 'number'] }],
        indexes: [{ name: 'composite_1', columns: ['placed', 'total DESC'], method: 'composite' }],
        properties: {
          partition_key: ['/tenant'],
          partition_kind: 'Hash',
          unique_key_paths: ['/number', '/address/city'],
          indexing_mode: 'consistent',
          excluded_paths: ['/note/?'],
          default_ttl_s: 3600,
          sampled_items: 10,
        },
      });
      expect(orders?.fields.map(({ name, type, inferred = false }) => [name, type, inferred])).toEqual([
        ['tenant', 'string', true],
        ['id', 'string', false],
        ['number', 'integer', true],
        ['total', 'float', true],
        ['paid', 'boolean', true],
        ['tags', 'array', true],
        ['address', 'object', true],
      ]);
      expect(found.get(`${shop}.empty`)?.fields.map(({ name }) => name)).toEqual(['tenant', 'id']);
    },
    async tearDown() {
      await front.stop();
      await write(server, 'DELETE', `/dbs/${shop}`);
      await write(server, 'DELETE', `/dbs/${encodeURI(other)}`).catch(() => undefined);
    },
  };
}

describeConnector(cosmosDb, {
  server: 'cosmosdb',
  stateless: true,
  unproven: {
    service:
      'An emulator answers, behind a front that checks the key: several physical partitions, request units and counts of items are not shown.',
  },
  setUp,
});
