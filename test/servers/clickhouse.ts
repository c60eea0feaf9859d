import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { answers, filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { ClickhouseTestServer, Running } from './server-types.js';

const tagged = (facts: Readonly<Record<string, string | number>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `<${name}>${String(value)}</${name}>`)
    .join('\n');

/** Starts ClickHouse in `folder`: HTTP on a plain and on a TLS port, one account that may do everything. */
export async function startClickhouse(folder: string): Promise<Running<ClickhouseTestServer>> {
  const program = programOf('clickhouse-server');
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const [port, tlsPort, nativePort] = [await freePort(), await freePort(), await freePort()];
  const password = randomBytes(16).toString('hex');
  file(
    'users.xml',
    `<yandex>
<profiles><default></default></profiles>
<users><default><password>${password}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default><interval>${tagged({ duration: 3600, queries: 0, errors: 0, result_rows: 0, read_rows: 0, execution_time: 0 })}</interval></default></quotas>
</yandex>`,
  );
  const certificate = tagged({
    certificateFile: file('server.crt', tls.server.cert),
    privateKeyFile: file('server.key', tls.server.key),
    verificationMode: 'none',
    loadDefaultCAFile: 'false',
  });
  const config = file(
    'config.xml',
    `<yandex>
<logger>${tagged({ level: 'warning', log: join(folder, 'server.log'), errorlog: join(folder, 'error.log') })}</logger>
<openSSL><server>${certificate}</server></openSSL>
${tagged({
  http_port: port,
  https_port: tlsPort,
  tcp_port: nativePort,
  listen_host: '127.0.0.1',
  path: join(folder, 'data/'),
  tmp_path: join(folder, 'tmp/'),
  users_config: 'users.xml',
  default_profile: 'default',
  default_database: 'default',
  mark_cache_size: 5_000_000,
  timezone: 'UTC',
})}
</yandex>`,
  );
  const running = await ServerProcess.start([program, `--config-file=${config}`], join(folder, 'output.log'));
  await running.untilReady(() => answers(`http://127.0.0.1:${String(port)}/ping`));
  return {
    server: { host: '127.0.0.1', port, tlsPort, username: 'default', password, tls, pid: running.pid },
    stop: () => running.stop(),
  };
}
