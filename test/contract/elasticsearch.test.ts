import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { elasticsearch } from '../../src/connectors/drivers/elasticsearch.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.elasticsearch();
  const { host, port, username, password } = server;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const ask = async (method: string, path: string, body?: object): Promise<void> => {
    const answer = await fetch(`http://${host}:${String(port)}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(60_000),
    });
    if (!answer.ok && answer.status !== 404)
      throw new Error(`${method} ${path}: ${String(answer.status)} ${await answer.text()}`);
    await answer.arrayBuffer();
  };
  const suffix = randomBytes(4).toString('hex');
  const [orders, empty, hidden] = [`orders-${suffix}`, `empty-${suffix}`, `hidden-${suffix}`];
  const fillers = Array.from({ length: 12 }, (_, at) => `filler-${suffix}-${String(at).padStart(2, '0')}`);
  const settings = { number_of_shards: 1, number_of_replicas: 0 };
  const keyword = { type: 'keyword' };
  await ask('PUT', `/${orders}`, {
    settings,
    aliases: { [`shop-${suffix}`]: {} },
    mappings: {
      dynamic: 'strict',
      properties: {
        id: keyword,
        title: { type: 'text', fields: { raw: keyword } },
        customer: { properties: { name: { type: 'text' }, since: { type: 'date' } } },
        lines: { type: 'nested', properties: { sku: keyword, amount: { type: 'integer' } } },
        address: { type: 'ip' },
        number: { type: 'alias', path: 'id' },
      },
    },
  });
  for (const name of [empty, ...fillers]) await ask('PUT', `/${name}`, { settings });
  await ask('PUT', `/${hidden}`, { settings: { ...settings, hidden: true } });
  for (const id of ['a', 'b', 'c'])
    await ask('PUT', `/${orders}/_doc/${id}?refresh=true`, { id, customer: { name: 'n' } });
  await ask('POST', `/${empty}/_close`);
  return {
    connection: {
      type: 'elasticsearch',
      host: 'localhost',
      port,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      tls: {
        address: { host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: ['indices'],
    datasets: [orders, empty, ...fillers].map((name) => `indices.${name}`),
    filter: {
      include: [`indices.filler-${suffix}-1?`, `indices.ord*-${suffix}`],
      exclude: [`*.filler-${suffix}-*`],
      leaves: [`indices.${orders}`],
    },
    check(found) {
      expect(
        [...found.keys()].filter((name) => name.includes(hidden) || name.startsWith('indices..')),
      ).toEqual([]);
      const dataset = found.get(`indices.${orders}`);
      expect(dataset).toMatchObject({
        kind: 'collection',
        row_estimate: 3,
        properties: {
          index_kind: 'index',
          aliases: [`shop-${suffix}`],
          dynamic: 'strict',
          shards: 1,
          replicas: 0,
          status: 'open',
          health: 'green',
        },
      });
      expect(dataset?.size_bytes).toBeGreaterThan(0);
      expect(dataset?.properties?.created_at).toMatch(/^20\d\d-/);
      expect(
        new Map(dataset?.fields.map(({ name, native_type: native, type }) => [name, [native, type]])),
      ).toEqual(
        new Map([
          ['address', ['ip', 'network']],
          ['customer', ['object', 'object']],
          ['id', ['keyword', 'string']],
          ['lines', ['nested', 'array']],
          ['number', ['alias', 'string']],
          ['title', ['text', 'string']],
          ['title.raw', ['keyword', 'string']],
        ]),
      );
      expect(dataset?.fields.find(({ name }) => name === 'lines')?.fields).toMatchObject([
        { name: 'amount', type: 'integer' },
        { name: 'sku', type: 'string' },
      ]);
      expect(found.get(`indices.${empty}`)).toMatchObject({ fields: [], properties: { status: 'close' } });
    },
    async tearDown() {
      for (const name of [orders, empty, hidden, ...fillers]) await ask('DELETE', `/${name}`);
    },
  };
}

describeConnector(elasticsearch, {
  server: 'elasticsearch',
  stateless: true,
  unproven: {
    service:
      'The server that can be had has neither data streams nor roles of its own, API keys or tokens: they are shown on a double.',
  },
  setUp,
});
