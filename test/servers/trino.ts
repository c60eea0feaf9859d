import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { Running, TrinoTestServer } from './server-types.js';

/** The newest that runs on Java 17. */
const VERSION = '435';

const lines = (facts: Readonly<Record<string, string | number>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name}=${String(value)}\n`)
    .join('');

/**
 * Starts Trino in `folder` with two catalogs in memory: HTTPS with passwords and tokens, and HTTP, where nobody needs
 * either, for itself and for those who set a test up.
 */
export async function startTrino(folder: string): Promise<Running<TrinoTestServer>> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [username, password] = ['admin', randomBytes(16).toString('hex')];
  const tokenKey = randomBytes(32).toString('base64');
  for (const name of ['plugin', 'catalog', 'data']) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync(cached('maven', 'trino-memory', 'memory'), join(folder, 'plugin', 'memory'));
  for (const name of ['memory', 'archive']) file(`catalog/${name}.properties`, 'connector.name=memory\n');
  const account = file(
    'account.properties',
    lines({ 'password-authenticator.name': 'one-account', user: username, password }),
  );
  const config = file(
    'config.properties',
    lines({
      coordinator: 'true',
      'node-scheduler.include-coordinator': 'true',
      'node.environment': 'test',
      'node.internal-address': 'localhost',
      'node.bind-ip': '127.0.0.1',
      'discovery.uri': `http://localhost:${String(port)}`,
      'http-server.http.port': port,
      'http-server.https.enabled': 'true',
      'http-server.https.port': tlsPort,
      'http-server.https.keystore.path': file('server.pem', tls.server.key + tls.server.cert),
      'http-server.authentication.type': 'PASSWORD,JWT',
      'http-server.authentication.jwt.key-file': file('token.key', tokenKey),
      'http-server.authentication.allow-insecure-over-http': 'true',
      'password-authenticator.config-files': account,
      'internal-communication.shared-secret': randomBytes(32).toString('base64'),
      'plugin.dir': join(folder, 'plugin'),
      'catalog.config-dir': join(folder, 'catalog'),
      'query.max-memory': '100MB',
      'query.max-memory-per-node': '100MB',
      'memory.heap-headroom-per-node': '50MB',
    }),
  );
  const command = [
    programOf('java'),
    ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djdk.attach.allowAttachSelf=true'],
    `-Djava.io.tmpdir=${join(folder, 'data')}`,
    `-Dconfig=${config}`,
    `-Dnode.data-dir=${join(folder, 'data')}`,
    ...['-cp', join(cached('maven', 'trino'), '*')],
    fileURLToPath(new URL('java/TrinoWithAccount.java', import.meta.url)),
    VERSION,
  ];
  const running = await ServerProcess.start(command, join(folder, 'trino.log'));
  const started = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${String(port)}/v1/info`, {
      signal: AbortSignal.timeout(5_000),
    });
    if (((await answer.json()) as { starting: boolean }).starting) throw new Error('It is starting.');
  };
  await running.untilReady(started, 180_000);
  return {
    server: { host: '127.0.0.1', port, tlsPort, username, password, tokenKey, tls, pid: running.pid },
    stop: () => running.stop(),
  };
}
