import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { answers, filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { NatsTestServer, Running } from './server-types.js';

/** Starts NATS with JetStream; TLS begins within its protocol, so one port takes clients with and without it. */
export async function startNats(folder: string): Promise<Running<NatsTestServer>> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const [port, monitorPort] = await Promise.all([freePort(), freePort()]);
  const password = randomBytes(16).toString('hex');
  const store = join(folder, 'jetstream');
  mkdirSync(store);
  const configuration = file(
    'nats.conf',
    `listen: "127.0.0.1:${String(port)}"
http: "127.0.0.1:${String(monitorPort)}"
jetstream { store_dir: "${store}", max_memory_store: 64MB, max_file_store: 1GB }
tls {
  cert_file: "${file('server.crt', tls.server.cert)}"
  key_file: "${file('server.key', tls.server.key)}"
}
allow_non_tls: true
authorization { users: [{ user: "admin", password: "${password}" }] }
`,
  );
  const running = await ServerProcess.start(
    [programOf('nats-server'), '-c', configuration],
    join(folder, 'nats.log'),
  );
  await running.untilReady(() => answers(`http://127.0.0.1:${String(monitorPort)}/varz`));
  const server = { host: '127.0.0.1', port, monitorPort, username: 'admin', password, tls };
  return { server: { ...server, pid: running.pid }, stop: () => running.stop() };
}
