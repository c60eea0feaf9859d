import { join } from 'node:path';
import pg from 'pg';
import { makeTlsMaterial } from '../support/certificates.js';
import { startPostgresVersion } from './postgres-version.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { PgBouncerTestServer, Running } from './server-types.js';
import { unprivileged } from './unprivileged.js';

/**
 * Starts PgBouncer in transaction mode before a PostgreSQL 17 of its own, with TLS and SCRAM towards the clients.
 *
 * @param pool connections to the server at most, and clients at most.
 */
export async function startPgBouncer(
  folder: string,
  pool = { size: 10, clients: 200 },
): Promise<Running<PgBouncerTestServer>> {
  const behind = await startPostgresVersion(17, join(folder, 'postgres'), {
    // Beside the pool others come to the server directly.
    max_connections: String(pool.size + 200),
  });
  const home = join(folder, 'pgbouncer');
  const file = filesIn(home);
  const { prefix, own } = unprivileged(home);
  own(home);
  const tls = makeTlsMaterial();
  const port = await freePort();
  const { username, password } = behind.server;
  const configuration = `[databases]
* = host=127.0.0.1 port=${String(behind.server.port)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
pool_mode = transaction
default_pool_size = ${String(pool.size)}
max_client_conn = ${String(pool.clients)}
auth_type = scram-sha-256
auth_file = ${own(file('users.txt', `"${username}" "${password}"\n`))}
auth_user = ${username}
admin_users = ${username}
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = allow
client_tls_cert_file = ${own(file('server.crt', tls.server.cert))}
client_tls_key_file = ${own(file('server.key', tls.server.key))}
`;
  const command = [...prefix, programOf('pgbouncer'), own(file('pgbouncer.ini', configuration))];
  const running = await ServerProcess.start(command, join(home, 'pgbouncer.log'));
  const stop = async (): Promise<void> => {
    await running.stop();
    await behind.stop();
  };
  const login = { host: '127.0.0.1', port, user: username, password, database: 'postgres' };
  await running
    .untilReady(async () => {
      const client = new pg.Client({ ...login, connectionTimeoutMillis: 5_000 });
      client.on('error', () => undefined);
      await client.connect();
      await client.end();
    })
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  const server = { host: '127.0.0.1', port, serverPort: behind.server.port, username, password, tls };
  return { server: { ...server, pid: running.pid }, stop };
}
