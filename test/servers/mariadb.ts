import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { makeTlsMaterial } from '../support/certificates.js';
import { findProgram, freePort, ServerProcess } from './server-process.js';
import type { Running } from './server-types.js';

const run = promisify(execFile);

/** An init file takes one statement a line. */
const accounts = (password: string): string => `ALTER USER root@localhost IDENTIFIED BY '${password}';
CREATE USER admin@'%' IDENTIFIED BY '${password}';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
`;

/** Starts MariaDB on a fresh data folder below `folder`: TLS on offer, no durability. */
export async function startMariadb(folder: string): Promise<Running> {
  const [daemon, install] = [findProgram('mariadbd'), findProgram('mariadb-install-db')];
  if (daemon === undefined || install === undefined) throw new Error('mariadb-server is not installed');
  mkdirSync(folder, { recursive: true });
  const data = join(folder, 'data');
  const tls = makeTlsMaterial();
  const password = randomBytes(16).toString('hex');
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  // mariadbd refuses to run as root unless it is told to.
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  await run(install, [
    '--no-defaults',
    ...asRoot,
    `--datadir=${data}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
  ]);
  const port = await freePort();
  const running = await ServerProcess.start(
    [
      daemon,
      '--no-defaults',
      ...asRoot,
      `--datadir=${data}`,
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${file('init.sql', accounts(password))}`,
      `--port=${String(port)}`,
      '--bind-address=127.0.0.1',
      `--ssl-ca=${file('ca.crt', tls.ca)}`,
      `--ssl-cert=${file('server.crt', tls.server.cert)}`,
      `--ssl-key=${file('server.key', tls.server.key)}`,
      '--skip-name-resolve',
      '--skip-log-bin',
      '--character-set-server=utf8mb4',
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-doublewrite=0',
      '--max-connections=300',
    ],
    join(folder, 'mariadb.log'),
  );
  const server = { host: '127.0.0.1', port, username: 'admin', password, tls, pid: running.pid };
  await running.untilReady(async () => {
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'admin', password });
    await connection.query('SELECT 1');
    connection.destroy();
  });
  return { server, stop: () => running.stop() };
}
