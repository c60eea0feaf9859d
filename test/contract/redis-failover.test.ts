import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { Cluster } from 'ioredis';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redis } from '../../src/connectors/drivers/redis.js';
import type { AppError } from '../../src/common/app-error.js';
import type { DiscoveryEvent } from '../../src/connectors/spi/index.js';
import { startRedisCluster, startRedisSentinel } from '../servers/redis-groups.js';
import { asking } from '../servers/redis.js';
import type { RedisClusterTestServer, RedisSentinelTestServer, Running } from '../servers/server-types.js';
import { describeOn } from '../support/servers.js';
import { until } from '../support/until.js';
import {
  datasetsOf,
  discoverAll,
  faultOf,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';

const KEYS = 300;
/** A failover takes its timeouts, and elections. */
const FAILOVER_MS = 60_000;

describeOn('redisSentinel', 'sentinels whose master is killed', () => {
  let folder: string;
  let running: Running<RedisSentinelTestServer>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'test-redis-failover-'));
    running = await startRedisSentinel(folder);
  }, 120_000);
  afterAll(async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('lead to the replica that they made the master; the session of the old one is lost', async () => {
    const { host, port, password, masterName, masterPort, masterPid, replicaPort } = running.server;
    remember(password);
    await asking({ port: masterPort, password }, (client) => client.hset('user:1', { name: 'n' }));
    await until(
      () => asking({ port: replicaPort, password }, async (client) => (await client.dbsize()) === 1),
      'the replica has the key',
      FAILOVER_MS,
    );
    const steps: unknown[] = [];
    const open = () =>
      openSession(
        redis,
        {
          type: 'redis',
          host,
          port,
          mode: 'sentinel',
          sentinel: { master_name: masterName, password },
          password,
          tls: { mode: 'disable' },
        },
        { onStep: (step, detail) => void steps.push([step, detail]) },
      );
    const session = await open();
    expect(datasetsOf(await discoverAll(session)).has('db0.user:{id}')).toBe(true);
    process.kill(masterPid, 'SIGKILL');
    await until(() => !session.usable, 'the session knows that it is lost');
    expect((await faultOf(discoverAll(session))).code).toBe('UNREACHABLE');
    await session.close();
    const next = await eventually(open);
    expect(steps.at(-1)).toEqual([
      'database',
      { database: 0, mode: 'sentinel', node: `127.0.0.1:${String(replicaPort)}`, role: 'master' },
    ]);
    const events = await discoverAll(next);
    await next.close();
    expect(datasetsOf(events).get('db0.user:{id}')).toMatchObject({ row_estimate: 1 });
    expect(events.at(-1)).toMatchObject({ event: 'scope_ended', status: 'complete' });
  }, 120_000);
});

describeOn('redisCluster', 'a cluster of which a master is killed', () => {
  let folder: string;
  let running: Running<RedisClusterTestServer> | undefined;
  afterAll(async () => {
    await running?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (
    replica: boolean,
  ): Promise<{ server: RedisClusterTestServer; connection: Connection }> => {
    await running?.stop();
    folder = mkdtempSync(join(tmpdir(), 'test-redis-failover-'));
    running = await startRedisCluster(folder, { replica, nodeTimeoutMs: 1_500 });
    const { server } = running;
    const { host, port, nodes, password } = server;
    remember(password);
    const admin = new Cluster(
      nodes.map((node) => ({ host, port: node.port })),
      { redisOptions: { password } },
    );
    for (let at = 0; at < KEYS; at += 1) await admin.hset(`user:${String(at)}`, { name: 'n', age: at });
    admin.disconnect();
    return {
      server,
      connection: { type: 'redis', host, port, mode: 'cluster', password, tls: { mode: 'disable' } },
    };
  };
  const whole = (events: readonly DiscoveryEvent[]): boolean => {
    const end = events.at(-1);
    return end?.event === 'scope_ended' && end.status === 'complete';
  };
  const stateOf = ({ port, password }: RedisClusterTestServer): Promise<string> =>
    asking({ port, password }, (client) => client.cluster('INFO'));

  test('is partial until its replica has taken over, and then whole, for the same session', async () => {
    const { server, connection } = await start(true);
    const { replica, nodes, password } = server;
    const last = nodes.at(-1);
    if (!replica || !last) throw new Error('the last master has a replica');
    await until(
      () =>
        asking({ port: replica.port, password }, async (client) => (await client.dbsize()) > 0).catch(
          () => false,
        ),
      'the replica has keys',
      FAILOVER_MS,
    );
    const session = await openSession(redis, connection);
    expect(whole(await discoverAll(session))).toBe(true);
    const mayTakeOver = (answer: 'yes' | 'no'): Promise<unknown> =>
      asking({ port: replica.port, password }, (client) =>
        client.config('SET', 'cluster-replica-no-failover', answer === 'yes' ? 'no' : 'yes'),
      );
    await mayTakeOver('no');
    process.kill(last.pid, 'SIGKILL');
    const during = await discoverAll(session);
    expect(during.at(-1)).toMatchObject({ event: 'scope_ended', scope: 'db0', status: 'partial' });
    await mayTakeOver('yes');
    let after: readonly DiscoveryEvent[] = [];
    await until(
      async () => whole((after = await discoverAll(session))),
      'the cluster is whole again',
      FAILOVER_MS,
    );
    expect(datasetsOf(after).get('db0.user:{id}')).toMatchObject({ row_estimate: KEYS });
    await session.close();
  }, 180_000);

  test('and has no replica is partial, before it knows and after: never empty, and no group without its fields', async () => {
    const { server, connection } = await start(false);
    const dead = server.nodes.at(-1);
    if (!dead) throw new Error('a cluster has masters');
    const session = await openSession(redis, connection);
    expect(whole(await discoverAll(session))).toBe(true);
    process.kill(dead.pid, 'SIGKILL');
    const partial = async (): Promise<string> => {
      const events = await discoverAll(session);
      for (const dataset of datasetsOf(events).values()) expect(dataset.fields).toHaveLength(2);
      const end = events.at(-1);
      expect(end).toMatchObject({ event: 'scope_ended', scope: 'db0', status: 'partial' });
      return end?.event === 'scope_ended' ? (end.reason ?? '') : '';
    };
    expect(await partial()).toContain(`node 127.0.0.1:${String(dead.port)}`);
    await until(
      async () => (await stateOf(server)).includes('cluster_state:fail'),
      'the cluster knows that slots are down',
      FAILOVER_MS,
    );
    expect(await partial()).toContain('CLUSTERDOWN');
    await session.close();
    const late = await openSession(redis, connection);
    expect((await discoverAll(late)).at(-1)).toMatchObject({ event: 'scope_ended', status: 'partial' });
    await late.close();
  }, 180_000);

  test('of which nobody has some slots is partial, and says how many', async () => {
    const { server, connection } = await start(false);
    const [first] = server.nodes;
    if (!first) throw new Error('a cluster has masters');
    await asking({ port: first.port, password: server.password }, (client) =>
      client.call('CLUSTER', 'DELSLOTSRANGE', 0, 99),
    );
    const session = await openSession(redis, connection);
    expect((await discoverAll(session)).at(-1)).toMatchObject({
      event: 'scope_ended',
      status: 'partial',
      reason: expect.stringContaining('100 of 16384 slots have no master'),
    });
    await session.close();
  }, 180_000);
});

/** Opens as soon as it can be opened: until the sentinels have made another one the master, they still name the old one. */
async function eventually<T>(open: () => Promise<T>): Promise<T> {
  let opened: T | undefined;
  await until(
    async () => {
      opened = await open().catch((error: unknown) => {
        expect(['UNREACHABLE', 'BUSY']).toContain((error as AppError).code);
        return undefined;
      });
      return opened !== undefined;
    },
    'it opens',
    FAILOVER_MS,
  );
  return opened as T;
}
