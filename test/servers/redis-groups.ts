import { join } from 'node:path';
import { until } from '../support/until.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type {
  RedisClusterTestServer,
  RedisNodeAddress,
  RedisSentinelTestServer,
  RedisTestServer,
  Running,
} from './server-types.js';
import { asking, redisIdentity, startRedis } from './redis.js';

const SLOTS = 16_384;
const MASTERS = 3;
const MASTER_NAME = 'main';

export interface RedisClusterOptions {
  /** The last master has a replica. */
  readonly replica?: boolean;
  /** After so long without an answer a node is taken for gone. */
  readonly nodeTimeoutMs?: number;
  /** Nodes tell who asks over TLS their TLS ports, and speak TLS with each other; without it they tell plain ports. */
  readonly tls?: boolean;
}

/** Starts a cluster of three masters; each node has a plain and a TLS port. */
export async function startRedisCluster(
  folder: string,
  { replica = false, nodeTimeoutMs = 15_000, tls = true }: RedisClusterOptions = {},
): Promise<Running<RedisClusterTestServer>> {
  const identity = redisIdentity();
  const { password } = identity;
  const running: Running<RedisTestServer>[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((node) => node.stop()));
  };
  try {
    const busPorts = await Promise.all(Array.from({ length: replica ? MASTERS + 1 : MASTERS }, freePort));
    for (const [index, busPort] of busPorts.entries()) {
      const more = {
        'cluster-enabled': 'yes',
        'cluster-port': String(busPort),
        'cluster-node-timeout': String(nodeTimeoutMs),
        'tls-cluster': tls ? 'yes' : 'no',
        'tls-replication': tls ? 'yes' : 'no',
        masterauth: password,
      };
      const node = await startRedis(join(folder, String(index)), more, identity);
      running.push(node);
      const { server: first } = running[0] ?? node;
      await asking(node.server, async (client) => {
        if (index < MASTERS) await client.call('CLUSTER', 'ADDSLOTSRANGE', ...slotsOf(index));
        await client.call('CLUSTER', 'MEET', '127.0.0.1', tls ? first.tlsPort : first.port, busPorts[0] ?? 0);
      });
    }
    const servers = running.map(({ server }) => server);
    const whole = async (): Promise<boolean> =>
      (await Promise.all(servers.map((server) => isWhole(server, servers.length)))).every(Boolean);
    await until(whole, 'a cluster', 60_000);
    const [first, last, follower] = [servers[0], servers[MASTERS - 1], servers[MASTERS]];
    if (!first || !last) throw new Error('a cluster has nodes');
    if (follower) await follow(follower, last);
    const nodes = servers.slice(0, MASTERS).map(addressOf);
    return { server: { ...first, nodes, ...(follower ? { replica: addressOf(follower) } : {}) }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const addressOf = ({ port, tlsPort, pid }: RedisTestServer): RedisNodeAddress => ({ port, tlsPort, pid });

const slotsOf = (index: number): [number, number] => [
  Math.ceil((index * SLOTS) / MASTERS),
  Math.ceil(((index + 1) * SLOTS) / MASTERS) - 1,
];

/** Whether this node knows all the others, and that each slot has its master. */
async function isWhole(node: RedisTestServer, count: number): Promise<boolean> {
  const info = await asking(node, (client) => client.cluster('INFO'));
  return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${String(count)}`);
}

/** Makes a node the replica of a master, in touch with it. */
async function follow(node: RedisTestServer, master: RedisTestServer): Promise<void> {
  const id = await asking(master, (client) => client.call('CLUSTER', 'MYID'));
  await asking(node, async (client) => {
    await client.call('CLUSTER', 'REPLICATE', String(id));
    await until(
      async () => (await client.info('replication')).includes('master_link_status:up'),
      'the replica is in touch with its master',
      60_000,
    );
  });
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
    const { tlsPort: masterTlsPort, pid: masterPid } = master.server;
    const server = { ...facts, masterName: MASTER_NAME, masterPort, masterTlsPort, masterPid, replicaPort };
    return { server, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
