import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { startFront } from './front.js';
import { java } from './java.js';
import { answers, filesIn, freePort, ServerProcess } from './server-process.js';
import type { Running, SchemaRegistryTestServer } from './server-types.js';

/** Where the interface of Confluent's registry begins in this one. */
const PATH = '/apis/ccompat/v7';

/** Starts Apicurio Registry with its schemas in memory; a front checks the login, and has TLS. */
export async function startSchemaRegistry(folder: string): Promise<Running<SchemaRegistryTestServer>> {
  filesIn(folder);
  const home = cached('maven', 'apicurio');
  const runner = readdirSync(home).find((name) => name.endsWith('-runner.jar')) ?? '';
  const to = await freePort();
  const settings = [
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${String(to)}`,
    '-Dquarkus.log.level=WARN',
  ];
  const running = await ServerProcess.start(
    java(folder, 192, ...settings, '-jar', join(home, runner)),
    join(folder, 'schema-registry.log'),
  );
  await running.untilReady(() => answers(`http://127.0.0.1:${String(to)}${PATH}/subjects`), 120_000);
  const [username, password] = ['registry', randomBytes(16).toString('hex')];
  const login = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const tls = makeTlsMaterial();
  const front = await startFront({
    to,
    tls,
    refuse: ({ headers }) =>
      headers.authorization === login
        ? undefined
        : { status: 401, headers: { 'www-authenticate': 'Basic' }, body: '' },
  });
  const { port, tlsPort } = front;
  return {
    server: { host: '127.0.0.1', port, tlsPort, tls, path: PATH, username, password, pid: running.pid },
    stop: async () => {
      await front.close();
      await running.stop();
    },
  };
}
