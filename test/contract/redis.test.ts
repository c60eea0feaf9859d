import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { redis } from '../../src/connectors/drivers/redis.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.redis();
  const admin = new Redis({ host: server.host, port: server.port, password: server.password });
  // Each suite has its own databases of the shared server.
  const database = 3;
  await admin.select(database);
  await admin.flushdb();
  const username = `reader-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  await admin.call(
    'ACL',
    'SETUSER',
    username,
    'on',
    `>${password}`,
    '~*',
    '+@read',
    '+ping',
    '+info',
    '+select',
    '+scan',
  );
  const batch = admin.pipeline();
  for (let at = 1; at <= 500; at += 1) {
    batch.hset(`user:${String(at)}`, {
      name: `n${String(at)}`,
      age: String(at),
      email: `u${String(at)}@example.org`,
    });
    batch.set(
      `session:${randomBytes(16).toString('hex')}`,
      JSON.stringify({ user: at, tags: ['a'] }),
      'EX',
      3600,
    );
    batch.zadd(`board:2024-05-${String((at % 28) + 1).padStart(2, '0')}`, at, `p${String(at)}`);
  }
  batch.hset('user:1000', { name: 'late', nickname: 'l' });
  batch.rpush('queue', 'a', 'b');
  batch.xadd('events', '*', 'kind', 'login', 'at', '2024-05-01T10:00:00Z');
  await batch.exec();
  return {
    connection: {
      type: 'redis',
      host: 'localhost',
      port: server.port,
      database,
      username,
      password,
      tls: { mode: 'disable' },
    },
    network: {
      address: server,
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { database: 999 },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: ['db3'],
    datasets: ['db3.user:{id}', 'db3.session:{hash}', 'db3.board:{date}', 'db3.queue', 'db3.events'],
    filter: { include: ['db3.user*', 'db3.queue'], exclude: ['*.queue'], leaves: ['db3.user:{id}'] },
    check(found) {
      expect(found.get('db3.user:{id}')).toMatchObject({
        kind: 'key_group',
        row_estimate: 501,
        properties: { key_types: ['hash'], sampled_keys: 20, expiring_share: 0 },
      });
      const fields = found.get('db3.user:{id}')?.fields;
      expect(fields?.find(({ name }) => name === 'age')).toMatchObject({ type: 'integer', inferred: true });
      const session = found.get('db3.session:{hash}');
      expect(session).toMatchObject({ row_estimate: 500, properties: { expiring_share: 1 } });
      expect(session?.fields[0]).toMatchObject({ name: 'value', type: 'object' });
      expect(session?.fields[0]?.fields?.map(({ name }) => name)).toEqual(['user', 'tags']);
      expect(found.get('db3.events')?.fields.map(({ name, type }) => [name, type])).toEqual([
        ['id', 'string'],
        ['kind', 'string'],
        ['at', 'timestamp_tz'],
      ]);
    },
    async tearDown() {
      await admin.call('ACL', 'DELUSER', username);
      await admin.flushdb();
      admin.disconnect();
    },
  };
}

describeConnector(redis, { server: 'redis', setUp });
