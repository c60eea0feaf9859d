import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { makeTlsMaterial } from '../support/certificates.js';
import { findProgram, freePort, ServerProcess } from './server-process.js';
import type { RedisTestServer, Running } from './server-types.js';

/** Starts Redis in `folder`: a plain and a TLS port, a password, nothing on disk. */
export async function startRedis(folder: string): Promise<Running<RedisTestServer>> {
  const program = findProgram('redis-server');
  if (program === undefined) throw new Error('redis-server is not installed');
  mkdirSync(folder, { recursive: true });
  const tls = makeTlsMaterial();
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const [port, tlsPort] = [await freePort(), await freePort()];
  const password = randomBytes(16).toString('hex');
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
  };
  const command = [program, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  const running = await ServerProcess.start(command, join(folder, 'redis.log'));
  await running.untilReady(async () => {
    const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
    } finally {
      client.disconnect();
    }
  });
  return {
    server: { host: '127.0.0.1', port, tlsPort, username: 'default', password, tls, pid: running.pid },
    stop: () => running.stop(),
  };
}
