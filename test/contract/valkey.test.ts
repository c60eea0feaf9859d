import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { valkey } from '../../src/connectors/drivers/valkey.js';
import { servers } from '../support/servers.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.redis();
  const admin = new Redis({ host: server.host, port: server.port, password: server.password });
  // Each suite has its own database of the shared server.
  const database = 11;
  await admin.select(database);
  await admin.flushdb();
  const username = `reader-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const rights = ['on', `>${password}`, '~*', '+@read', '+ping', '+info', '+select', '+scan'];
  await admin.call('ACL', 'SETUSER', username, ...rights);
  const batch = admin.pipeline();
  for (let at = 1; at <= 300; at += 1)
    batch.hset(`user:${String(at)}`, { name: `n${String(at)}`, age: String(at) });
  batch.rpush('queue', 'a', 'b');
  await batch.exec();
  return {
    connection: {
      type: 'valkey',
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
    scopes: ['db11'],
    datasets: ['db11.user:{id}', 'db11.queue'],
    filter: { include: ['db11.user*', 'db11.queue'], exclude: ['*.queue'], leaves: ['db11.user:{id}'] },
    check(found) {
      expect(found.get('db11.user:{id}')).toMatchObject({ kind: 'key_group', row_estimate: 300 });
    },
    async tearDown() {
      await admin.call('ACL', 'DELUSER', username);
      await admin.flushdb();
      admin.disconnect();
    },
  };
}

describeConnector(valkey, {
  server: 'redis',
  unproven: { service: 'Redis answers in its place: what only Valkey does is not shown.' },
  setUp,
});
