import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { makeTlsMaterial, type TlsMaterial } from '../support/certificates.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { RedisTestServer, Running } from './server-types.js';

/** What the nodes of one Redis share. */
export interface RedisIdentity {
  readonly password: string;
  readonly tls: TlsMaterial;
}

export const redisIdentity = (): RedisIdentity => ({
  password: randomBytes(16).toString('hex'),
  tls: makeTlsMaterial(),
});

/**
 * Starts Redis in `folder`: a plain and a TLS port, a password, nothing on disk. `more` settings and an `identity` are
 * for nodes that belong together.
 */
export async function startRedis(
  folder: string,
  more: Readonly<Record<string, string>> = {},
  identity: RedisIdentity = redisIdentity(),
): Promise<Running<RedisTestServer>> {
  const file = filesIn(folder);
  const { password, tls } = identity;
  const [port, tlsPort] = [await freePort(), await freePort()];
  const options: Record<string, string> = {
    port: String(port),
    'tls-port': String(tlsPort),
    'tls-cert-file': file('server.crt', tls.server.cert),
    'tls-key-file': file('server.key', tls.server.key),
    'tls-ca-cert-file': file('ca.crt', tls.ca),
    'tls-auth-clients': 'optional',
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    requirepass: password,
    ...more,
  };
  const settings = Object.entries(options).flatMap(([name, value]) => [`--${name}`, ...value.split(' ')]);
  const command = [programOf('redis-server'), ...settings];
  const running = await ServerProcess.start(command, join(folder, 'redis.log'));
  const server = { host: '127.0.0.1', port, tlsPort, username: 'default', password, tls, pid: running.pid };
  await running.untilReady(() => asking(server, (client) => client.ping()));
  return { server, stop: () => running.stop() };
}

/** Runs `work` over one connection to a node; rejects where there is none. */
export async function asking<T>(
  { port, password }: Pick<RedisTestServer, 'port' | 'password'>,
  work: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: null });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

/** Makes a user with a random password and these rules, such as `~app:* +@read -keys`. */
export async function addRedisUser(
  server: Pick<RedisTestServer, 'port' | 'password'>,
  rules: string,
): Promise<{ username: string; password: string }> {
  const [username, password] = [`user${randomBytes(4).toString('hex')}`, randomBytes(16).toString('hex')];
  await asking(server, (client) =>
    client.call('ACL', 'SETUSER', username, 'on', `>${password}`, ...rules.split(' ')),
  );
  return { username, password };
}
