import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Cluster, Redis } from 'ioredis';
import type { RedisTestServer } from '../servers/server-types.js';
import { asking } from '../servers/redis.js';
import { servers } from '../support/servers.js';
import type { Address, Connection, ContractSource, NetworkSource } from './contract-source.js';

/** What an account needs to be read with, in any mode. */
export const READER = '~* +@read +ping +info +select +scan +cluster|slots +cluster|myid';

/** A Redis of one mode: who has accounts, who has keys, and how it is reached. */
interface Place {
  /** Servers whose databases and accounts are their own. */
  readonly nodes: readonly Pick<RedisTestServer, 'port' | 'password'>[];
  readonly database: number;
  readonly admin: Redis | Cluster;
  readonly fields: Connection;
  readonly network: Omit<NetworkSource, 'wrongPassword'>;
}

const at = (port: number): Address => ({ host: '127.0.0.1', port });

/** Each suite has its own databases of the shared servers. */
const PLACES = {
  async standalone(): Promise<Place> {
    const server = await servers.redis();
    const { port, tlsPort, password, tls } = server;
    return {
      nodes: [server],
      database: 3,
      admin: new Redis({ port, password, db: 3 }),
      fields: { port, database: 3 },
      network: { address: at(port), wrongDatabase: { database: 999 }, tls: { ...tls, address: at(tlsPort) } },
    };
  },
  async sentinel(): Promise<Place> {
    const server = await servers.redisSentinel();
    const { port, tlsPort, masterPort, masterTlsPort, masterName, password, tls } = server;
    return {
      nodes: [{ port: masterPort, password }],
      database: 3,
      admin: new Redis({ port: masterPort, password, db: 3 }),
      fields: {
        port,
        database: 3,
        mode: 'sentinel',
        sentinel: { master_name: masterName, password },
      },
      network: {
        address: at(masterPort),
        entry: at(port),
        wrongDatabase: { database: 999 },
        tls: { ...tls, address: at(masterTlsPort), entry: at(tlsPort) },
      },
    };
  },
  async cluster(): Promise<Place> {
    const server = await servers.redisCluster();
    const { port, tlsPort, nodes, password, tls } = server;
    return {
      nodes: nodes.map((node) => ({ port: node.port, password })),
      database: 0,
      admin: new Cluster(
        nodes.map((node) => at(node.port)),
        { redisOptions: { password } },
      ),
      fields: { port, mode: 'cluster' },
      network: { address: at(port), tls: { ...tls, address: at(tlsPort) } },
    };
  },
} as const;

/** Groups of keys of every type in a Redis of that mode, and an account that reads. */
export async function redisSource(mode: keyof typeof PLACES): Promise<ContractSource> {
  const { nodes, database, admin, fields, network } = await PLACES[mode]();
  const scope = `db${String(database)}`;
  const flush = async (): Promise<void> => {
    for (const node of nodes)
      await asking(node, async (client) => {
        if (database !== 0) await client.select(database);
        await client.flushdb();
      });
  };
  await flush();
  const username = `reader-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  for (const node of nodes)
    await asking(node, (client) =>
      client.call('ACL', 'SETUSER', username, 'on', `>${password}`, ...READER.split(' ')),
    );
  await fill(admin);
  return {
    connection: {
      type: 'redis',
      host: 'localhost',
      username,
      password,
      tls: { mode: 'disable' },
      ...fields,
    },
    network: { ...network, wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` } },
    scopes: [scope],
    datasets: ['user:{id}', 'session:{hash}', 'board:{date}', 'queue', 'events'].map(
      (name) => `${scope}.${name}`,
    ),
    filter: {
      include: [`${scope}.user*`, `${scope}.queue`],
      exclude: ['*.queue'],
      leaves: [`${scope}.user:{id}`],
    },
    check(found) {
      expect(found.get(`${scope}.user:{id}`)).toMatchObject({
        kind: 'key_group',
        row_estimate: 501,
        properties: { key_types: ['hash'], sampled_keys: 20, expiring_share: 0 },
      });
      const fields = found.get(`${scope}.user:{id}`)?.fields;
      expect(fields?.find(({ name }) => name === 'age')).toMatchObject({ type: 'integer', inferred: true });
      const session = found.get(`${scope}.session:{hash}`);
      expect(session).toMatchObject({ row_estimate: 500, properties: { expiring_share: 1 } });
      expect(session?.fields[0]).toMatchObject({ name: 'value', type: 'object' });
      expect(session?.fields[0]?.fields?.map(({ name }) => name)).toEqual(['user', 'tags']);
      expect(found.get(`${scope}.events`)?.fields.map(({ name, type }) => [name, type])).toEqual([
        ['id', 'string'],
        ['kind', 'string'],
        ['at', 'timestamp_tz'],
      ]);
    },
    async tearDown() {
      for (const node of nodes) await asking(node, (client) => client.call('ACL', 'DELUSER', username));
      await flush();
      admin.disconnect();
    },
  };
}

/** One command a key: those of a cluster lie on several nodes. */
async function fill(admin: Redis | Cluster): Promise<void> {
  const work: Promise<unknown>[] = [];
  for (let at = 1; at <= 500; at += 1)
    work.push(
      admin.hset(`user:${String(at)}`, {
        name: `n${String(at)}`,
        age: String(at),
        email: `u${String(at)}@example.org`,
      }),
      admin.set(
        `session:${randomBytes(16).toString('hex')}`,
        JSON.stringify({ user: at, tags: ['a'] }),
        'EX',
        3600,
      ),
      admin.zadd(`board:2024-05-${String((at % 28) + 1).padStart(2, '0')}`, at, `p${String(at)}`),
    );
  work.push(
    admin.hset('user:1000', { name: 'late', nickname: 'l' }),
    admin.rpush('queue', 'a', 'b'),
    admin.xadd('events', '*', 'kind', 'login', 'at', '2024-05-01T10:00:00Z'),
  );
  await Promise.all(work);
}
