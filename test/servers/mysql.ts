import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { Running } from './server-types.js';

const run = promisify(execFile);

/** An init file takes one statement a line; accounts are of caching_sha2_password unless they say otherwise. */
const accounts = (password: string): string => `ALTER USER root@localhost IDENTIFIED BY '${password}';
CREATE USER admin@'%' IDENTIFIED BY '${password}';
GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
`;

/**
 * Starts MySQL 8.0.15 or 5.7.22 on a fresh data folder below `folder`, without durability. Only 8 offers TLS: that of 5.7.22 ends
 * with TLS 1.1.
 *
 * @param name of its folder in the cache.
 */
export async function startMysql(folder: string, name: 'mysql' | 'mysql-5.7' = 'mysql'): Promise<Running> {
  const file = filesIn(folder);
  const base = cached('maven', name);
  const hasTls = name === 'mysql';
  // Its TLS of 2019 has no key exchange for a key of elliptic curves.
  const tls = makeTlsMaterial([], { rsa: true });
  const password = randomBytes(16).toString('hex');
  // mysqld refuses to run as root unless it is told to.
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const common = [
    '--no-defaults',
    ...asRoot,
    `--basedir=${base}`,
    `--lc-messages-dir=${join(base, 'share')}`,
    `--datadir=${join(folder, 'data')}`,
    '--innodb-buffer-pool-size=32M',
    '--innodb-log-file-size=8M',
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-flush-method=nosync',
    '--skip-log-bin',
  ];
  const mysqld = join(base, 'bin', 'mysqld');
  await run(mysqld, [...common, '--initialize-insecure'], { cwd: folder, timeout: 240_000 });
  const port = await freePort();
  const running = await ServerProcess.start(
    [
      mysqld,
      ...common,
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${file('init.sql', accounts(password))}`,
      `--port=${String(port)}`,
      '--bind-address=127.0.0.1',
      '--loose-mysqlx=OFF',
      ...(hasTls
        ? [
            `--ssl-ca=${file('ca.crt', tls.ca)}`,
            `--ssl-cert=${file('server.crt', tls.server.cert)}`,
            `--ssl-key=${file('server.key', tls.server.key)}`,
          ]
        : ['--ssl=0']),
      '--skip-name-resolve',
      '--innodb-doublewrite=0',
      '--performance-schema=OFF',
      '--max-connections=300',
    ],
    join(folder, 'mysql.log'),
  );
  const server = { host: '127.0.0.1', port, username: 'admin', password, tls, pid: running.pid };
  await running.untilReady(async () => {
    const connection = await createConnection({
      host: '127.0.0.1',
      port,
      user: 'admin',
      password,
      ...(hasTls ? { ssl: { ca: tls.ca } } : {}),
    });
    await connection.query('SELECT 1');
    connection.destroy();
  }, 120_000);
  return { server, stop: () => running.stop() };
}
