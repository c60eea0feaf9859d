import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Cluster } from 'ioredis';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../src/common/app-error.js';
import { redis } from '../../src/connectors/drivers/redis.js';
import { destinationOf, secretFields, validateConnection } from '../../src/connectors/spi/index.js';
import { startRedisCluster, startRedisSentinel } from '../servers/redis-groups.js';
import { addRedisUser, asking } from '../servers/redis.js';
import { freePort } from '../servers/server-process.js';
import type { RedisClusterTestServer, RedisSentinelTestServer, Running } from '../servers/server-types.js';
import { describeOn } from '../support/servers.js';
import { until } from '../support/until.js';
import {
  anywhere,
  datasetsOf,
  discoverAll,
  faultOf,
  openSession,
  remember,
  type Address,
  type Connection,
  type OpenOptions,
} from './contract-source.js';
import { READER } from './redis-fixture.js';

describe('modes of Redis', () => {
  const faultsOf = (fields: Connection): unknown => {
    try {
      validateConnection(redis, { type: 'redis', host: 'a.example.com', ...fields });
    } catch (error) {
      return (error as AppError).details.errors;
    }
    return [];
  };

  test('want what they need and exclude what they do not know, by the field', () => {
    expect(faultsOf({ mode: 'sentinel' })).toMatchObject([{ pointer: '/connection/sentinel' }]);
    expect(faultsOf({ sentinel: { master_name: 'm' } })).toMatchObject([{ pointer: '/connection/sentinel' }]);
    expect(faultsOf({ mode: 'cluster', database: 3 })).toMatchObject([{ pointer: '/connection/database' }]);
    expect(faultsOf({ mode: 'cluster', database: 0 })).toEqual([]);
    expect(faultsOf({ mode: 'sentinel', sentinel: { master_name: 'm', others: ['b:1', 'c'] } })).toEqual([]);
  });

  test('bind secrets to the mode and to every sentinel; standalone stays what it was', () => {
    const of = (fields: Connection): string =>
      destinationOf(redis.spec, { type: 'redis', host: 'a.example.com', ...fields });
    const places = [
      {},
      { mode: 'cluster' },
      { mode: 'sentinel', sentinel: { master_name: 'm' } },
      { mode: 'sentinel', sentinel: { master_name: 'm', others: ['b'] } },
      { mode: 'sentinel', sentinel: { master_name: 'm', others: ['b', 'c'] } },
      { mode: 'sentinel', sentinel: { master_name: 'm', username: 'u' } },
    ].map(of);
    expect(new Set(places).size).toBe(places.length);
    expect(of({ mode: 'standalone' })).toBe(of({}));
    expect(secretFields(redis.spec)).toContain('sentinel.password');
  });
});

describeOn('redisCluster', 'a cluster of Redis', () => {
  let folder: string;
  let running: Running<RedisClusterTestServer>;
  let connection: Connection;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'test-redis-cluster-'));
    running = await startRedisCluster(folder);
    const { host, nodes, password } = running.server;
    remember(password);
    const admin = new Cluster(
      nodes.map(({ port }) => ({ host, port })),
      { redisOptions: { password } },
    );
    for (let at = 0; at < 300; at += 1) await admin.hset(`user:${String(at)}`, { name: 'n', age: at });
    admin.disconnect();
    connection = {
      type: 'redis',
      host,
      port: running.server.port,
      mode: 'cluster',
      password,
      tls: { mode: 'disable' },
    };
  }, 120_000);
  afterAll(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const discovered = async (changes: Connection = {}, options: OpenOptions = {}) => {
    const session = await openSession(redis, { ...connection, ...changes }, options);
    const events = await discoverAll(session);
    await session.close();
    return { groups: datasetsOf(events), end: events.at(-1) };
  };

  test('is read whole: groups are merged over all masters, each located before it is dialled', async () => {
    const located: Address[] = [];
    const locate = (where: Address): Promise<Address> => {
      located.push(where);
      return anywhere(where);
    };
    const { groups, end } = await discovered({}, { locate });
    expect(groups.get('db0.user:{id}')).toMatchObject({ row_estimate: 300 });
    expect(end).toEqual({ event: 'scope_ended', scope: 'db0', status: 'complete' });
    expect(new Set(located.map(({ port }) => port))).toEqual(
      new Set(running.server.nodes.map(({ port }) => port)),
    );
  });

  test('is read whole over TLS, where its nodes tell their TLS ports', async () => {
    const { tlsPort, tls } = running.server;
    const { groups, end } = await discovered({ port: tlsPort, tls: { ca: tls.ca } });
    expect(groups.get('db0.user:{id}')).toMatchObject({ row_estimate: 300 });
    expect(end).toMatchObject({ status: 'complete' });
  });

  test('is partial over TLS where its nodes tell their plain ports, and says what mends it', async () => {
    const other = await startRedisCluster(join(folder, 'plain'), { tls: false });
    try {
      const { tlsPort, tls, password } = other.server;
      const { end } = await discovered({ port: tlsPort, password, tls: { ca: tls.ca } });
      expect(end).toMatchObject({ status: 'partial', reason: expect.stringContaining('tls-cluster yes') });
    } finally {
      await other.stop();
    }
  });

  test('a node that the egress policy refuses is not dialled: the scope is partial', async () => {
    const denied = running.server.nodes[2]?.port;
    const locate = (where: Address): Promise<Address> =>
      where.port === denied
        ? Promise.reject(new AppError('EGRESS_DENIED', 'The address is not allowed.'))
        : anywhere(where);
    const { groups, end } = await discovered({}, { locate });
    expect(groups.get('db0.user:{id}')?.row_estimate).toBeLessThan(300);
    expect(end).toMatchObject({ status: 'partial', reason: expect.stringContaining(String(denied)) });
  });

  test('an account of a node that may not scan makes the scope partial; with its rights on all it is whole', async () => {
    const { password, nodes } = running.server;
    const login = await addRedisUser(running.server, READER);
    for (const [at, { port }] of nodes.entries())
      if (at > 0)
        await asking({ port, password }, (client) =>
          client.call('ACL', 'SETUSER', login.username, 'on', `>${login.password}`, '+ping'),
        );
    expect((await discovered(login)).end).toMatchObject({ status: 'partial' });
    const config = { type: 'redis', host: 'h', mode: 'cluster', username: login.username } as const;
    const [command = '', ...rest] = (redis.remedy?.('PERMISSION_DENIED', config)?.sql?.[0] ?? '').split(' ');
    for (const { port } of nodes) await asking({ port, password }, (client) => client.call(command, ...rest));
    expect((await discovered(login)).end).toMatchObject({ status: 'complete' });
  });

  test('a node taken for a single server is read in part, and says so', async () => {
    const { end } = await discovered({ mode: 'standalone' });
    expect(end).toMatchObject({ status: 'partial', reason: expect.stringContaining('"cluster"') });
  });
});

describeOn('redisSentinel', 'sentinels of Redis', () => {
  let folder: string;
  let running: Running<RedisSentinelTestServer>;
  let connection: Connection;
  let sentinel: Connection;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'test-redis-sentinel-'));
    running = await startRedisSentinel(folder);
    const { host, port, password, masterName, masterPort } = running.server;
    remember(password);
    await asking({ port: masterPort, password }, (client) => client.hset('user:1', { name: 'n' }));
    const replicas = () =>
      asking({ port, password }, (client) => client.call('SENTINEL', 'REPLICAS', masterName));
    await until(
      async () => JSON.stringify(await replicas()).includes('"master-link-status","ok"'),
      'the sentinel sees the link of the replica',
      60_000,
    );
    sentinel = { master_name: masterName, password };
    connection = {
      type: 'redis',
      host,
      port,
      mode: 'sentinel',
      sentinel,
      password,
      tls: { mode: 'disable' },
    };
  }, 120_000);
  afterAll(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const opened = async (changes: Connection = {}, options: OpenOptions = {}) => {
    const steps: unknown[] = [];
    const onStep = (step: string, detail: unknown): void => void steps.push([step, detail]);
    const session = await openSession(redis, { ...connection, ...changes }, { ...options, onStep });
    const groups = datasetsOf(await discoverAll(session));
    await session.close();
    return { last: steps.at(-1), groups };
  };

  test('name the master, which is located and read; the test shows which node answered', async () => {
    const located: Address[] = [];
    const locate = (where: Address): Promise<Address> => {
      located.push(where);
      return anywhere(where);
    };
    const { last, groups } = await opened({}, { locate });
    const { port, masterPort } = running.server;
    expect(last).toEqual([
      'database',
      { database: 0, mode: 'sentinel', node: `127.0.0.1:${String(masterPort)}`, role: 'master' },
    ]);
    expect([...groups.keys()]).toEqual(['db0.user:{id}']);
    expect(located.map((where) => where.port)).toEqual([port, masterPort]);
  });

  test('name a replica where one is wanted', async () => {
    const { last } = await opened({ sentinel: { ...sentinel, read_from: 'replica' } });
    const node = `127.0.0.1:${String(running.server.replicaPort)}`;
    expect(last).toMatchObject(['database', { node, role: 'replica' }]);
  });

  test('are asked one after the other where the first does not answer', async () => {
    const others = [`127.0.0.1:${String(running.server.port)}`];
    const { last } = await opened({ port: await freePort(), sentinel: { ...sentinel, others } });
    expect(last).toMatchObject(['database', { role: 'master' }]);
  });

  test.each([
    ['that know no such master', 'DATABASE_NOT_FOUND', { master_name: 'nobody' }],
    [
      'that refuse their own password',
      'AUTH_FAILED',
      { password: `wrong-${randomBytes(6).toString('hex')}` },
    ],
  ])('%s are %s', async (_, code, changes) => {
    const fault = await faultOf(openSession(redis, { ...connection, sentinel: { ...sentinel, ...changes } }));
    expect(fault.code).toBe(code);
  });

  test('whose master is not allowed by the egress policy do not lead there', async () => {
    const locate = (where: Address): Promise<Address> =>
      where.port === running.server.port
        ? anywhere(where)
        : Promise.reject(new AppError('EGRESS_DENIED', 'The address is not allowed.'));
    expect((await faultOf(openSession(redis, connection, { locate }))).code).toBe('EGRESS_DENIED');
  });

  test('whose master is gone are UNREACHABLE', async () => {
    const { masterPort, port } = running.server;
    const gone = await freePort();
    const locate = (where: Address): Promise<Address> =>
      anywhere(where.port === masterPort ? { ...where, port: gone } : where);
    expect((await faultOf(openSession(redis, connection, { locate }))).code).toBe('UNREACHABLE');
    const single = { ...connection, mode: 'standalone', sentinel: undefined, port };
    const fault = await faultOf(openSession(redis, JSON.parse(JSON.stringify(single)) as Connection));
    expect(fault.code).toBe('PROTOCOL');
  });
});
