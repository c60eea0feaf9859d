import { join } from 'node:path';
import { until } from '../support/until.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type {
  RedisClusterTestServer,
  RedisSentinelTestServer,
  RedisTestServer,
  Running,
} from './server-types.js';
import { asking, redisIdentity, startRedis } from './redis.js';

const SLOTS = 16_384;
const NODES = 3;
const MASTER_NAME = 'main';

/** Starts a cluster of three masters without replicas; each node has a plain and a TLS port. */
export async function startRedisCluster(folder: string): Promise<Running<RedisClusterTestServer>> {
  const identity = redisIdentity();
  const running: Running<RedisTestServer>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((node) => node.stop()));
  };
  try {
    const busPorts = await Promise.all(Array.from({ length: NODES }, freePort));
    for (const [index, busPort] of busPorts.entries()) {
      const more = { 'cluster-enabled': 'yes', 'cluster-port': String(busPort) };
      const node = await startRedis(join(folder, String(index)), more, identity);
      running.push(node);
      const first = running[0] ?? node;
      const slots = [Math.ceil((index * SLOTS) / NODES), Math.ceil(((index + 1) * SLOTS) / NODES) - 1];
      await asking(node.server, async (client) => {
        await client.call('CLUSTER', 'ADDSLOTSRANGE', ...slots);
        await client.call('CLUSTER', 'MEET', '127.0.0.1', first.server.port, busPorts[0] ?? 0);
      });
    }
    const nodes = running.map(({ server }) => server);
    await until(
      () => Promise.all(nodes.map(isWhole)).then((whole) => whole.every(Boolean)),
      'a cluster',
      60_000,
    );
    const [first] = nodes;
    if (!first) throw new Error('a cluster has nodes');
    return { server: { ...first, nodes: nodes.map(({ port, tlsPort }) => ({ port, tlsPort })) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether this node knows all the others, and that each slot has its master. */
async function isWhole(node: RedisTestServer): Promise<boolean> {
  const info = await asking(node, (client) => client.cluster('INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${String(NODES)}`);
}

/** Starts a master, its replica, and a sentinel that watches them; all three have the same password. */
export async function startRedisSentinel(folder: string): Promise<Running<RedisSentinelTestServer>> {
  const identity = redisIdentity();
  const { password, tls } = identity;
  const running: { stop: () => Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((node) => node.stop()));
  };
  try {
    const master = await startRedis(join(folder, 'master'), { masterauth: password }, identity);
    running.push(master);
    const masterPort = master.server.port;
    const more = { masterauth: password, replicaof: `127.0.0.1 ${String(masterPort)}` };
    const replica = await startRedis(join(folder, 'replica'), more, identity);
    running.push(replica);
    const [port, tlsPort] = [await freePort(), await freePort()];
    const file = filesIn(join(folder, 'sentinel'));
    const configuration = `port ${String(port)}
tls-port ${String(tlsPort)}
tls-cert-file ${file('server.crt', tls.server.cert)}
tls-key-file ${file('server.key', tls.server.key)}
tls-ca-cert-file ${file('ca.crt', tls.ca)}
tls-auth-clients optional
bind 127.0.0.1
dir ${join(folder, 'sentinel')}
requirepass ${password}
sentinel monitor ${MASTER_NAME} 127.0.0.1 ${String(masterPort)} 1
sentinel auth-pass ${MASTER_NAME} ${password}
sentinel down-after-milliseconds ${MASTER_NAME} 2000
`;
    const command = [programOf('redis-server'), file('sentinel.conf', configuration), '--sentinel'];
    const sentinel = await ServerProcess.start(command, join(folder, 'sentinel', 'sentinel.log'));
    running.push(sentinel);
    const facts = { host: '127.0.0.1', port, tlsPort, username: 'default', password, tls, pid: sentinel.pid };
    await sentinel.untilReady(async () => {
      const replicas = (await asking(facts, (client) =>
        client.call('SENTINEL', 'REPLICAS', MASTER_NAME),
      )) as unknown[];
      if (replicas.length === 0) throw new Error('It has not found the replica yet.');
    });
    const replicaPort = replica.server.port;
    return { server: { ...facts, masterName: MASTER_NAME, masterPort, replicaPort }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
