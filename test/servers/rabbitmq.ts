import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { RabbitMqTestServer, Running } from './server-types.js';

/** Not the one of the PATH: that one changes to an account of its own. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/** Starts RabbitMQ with its management API; both also with TLS. */
export async function startRabbitMq(folder: string): Promise<Running<RabbitMqTestServer>> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const ports = await Promise.all(Array.from({ length: 6 }, freePort));
  const [port = 0, tlsPort = 0, managementPort = 0, managementTlsPort = 0, nodePort = 0, namesPort = 0] =
    ports;
  const password = randomBytes(16).toString('hex');
  const certificate = (prefix: string): string => `${prefix}.cacertfile = ${file('ca.crt', tls.ca)}
${prefix}.certfile = ${file('server.crt', tls.server.cert)}
${prefix}.keyfile = ${file('server.key', tls.server.key)}
`;
  const configuration = file(
    'rabbitmq.conf',
    `listeners.tcp.1 = 127.0.0.1:${String(port)}
listeners.ssl.1 = 127.0.0.1:${String(tlsPort)}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${String(managementPort)}
management.ssl.ip = 127.0.0.1
management.ssl.port = ${String(managementTlsPort)}
${certificate('ssl_options')}${certificate('management.ssl')}ssl_options.verify = verify_none
default_user = admin
default_pass = ${password}
loopback_users = none
disk_free_limit.absolute = 1MB
`,
  );
  const names = { ERL_EPMD_ADDRESS: '127.0.0.1', ERL_EPMD_PORT: String(namesPort) };
  // Erlang would start its directory of nodes by itself, and leave it behind.
  const directory = await ServerProcess.start([programOf('epmd')], join(folder, 'epmd.log'), names);
  const running = await ServerProcess.start([PROGRAM], join(folder, 'rabbitmq.log'), {
    ...names,
    HOME: folder,
    // The script then becomes the server, in place of waiting for it.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: configuration,
    RABBITMQ_ENABLED_PLUGINS_FILE: file('plugins', '[rabbitmq_management].\n'),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_NODENAME: 'test@localhost',
    RABBITMQ_DIST_PORT: String(nodePort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none',
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    await directory.stop();
  };
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  await running
    .untilReady(async () => {
      const url = `http://127.0.0.1:${String(managementPort)}/api/overview`;
      if (!(await fetch(url, { headers: { authorization } })).ok) throw new Error('not ready');
    }, 120_000)
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  const server = {
    host: '127.0.0.1',
    port,
    tlsPort,
    managementPort,
    managementTlsPort,
    username: 'admin',
    password,
    tls,
  };
  return { server: { ...server, pid: running.pid }, stop };
}
