import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { startFront } from './front.js';
import { java } from './java.js';
import { filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { ElasticsearchTestServer, Running } from './server-types.js';
import { unprivileged } from './unprivileged.js';

const HEAP_MB = 384;

/**
 * Starts one node of Elasticsearch with its security: passwords, roles, API keys. It has the core modules only: no
 * data streams, no scripts, no lifecycles. TLS is of a front, as Elasticsearch has one port.
 */
export async function startElasticsearch(
  folder: string,
  heapMb = HEAP_MB,
): Promise<Running<ElasticsearchTestServer>> {
  filesIn(folder);
  const { prefix, own } = unprivileged(folder);
  own(folder);
  const config = join(folder, 'config');
  const home = homeOf(folder, prefix.length > 0);
  cpSync(join(home, 'config'), config, { recursive: true });
  const file = filesIn(config);
  for (const name of ['data', 'logs', 'tmp']) {
    mkdirSync(join(folder, name));
    own(join(folder, name));
  }
  const [to, transport] = [await freePort(), await freePort()];
  const [username, password] = ['admin', randomBytes(16).toString('hex')];
  const settings = {
    'cluster.name': 'test',
    'node.name': 'test',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': String(to),
    'transport.port': String(transport),
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'xpack.security.enabled': 'true',
    'xpack.security.autoconfiguration.enabled': 'false',
    'xpack.security.transport.ssl.enabled': 'false',
    'xpack.security.authc.api_key.enabled': 'true',
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'action.destructive_requires_name': 'false',
  };
  file(
    'elasticsearch.yml',
    Object.entries(settings)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join(''),
  );
  // Its own file would have a log of garbage collection in the folder of the program.
  const [, ...jvm] = java(join(folder, 'tmp'), heapMb);
  file('jvm.options', jvm.join('\n'));
  file('users', `${username}:${hashOf(password)}\n`);
  file('users_roles', `superuser:${username}\n`);
  for (const name of [
    '',
    'elasticsearch.yml',
    'users',
    'users_roles',
    'jvm.options',
    'jvm.options.d',
    'log4j2.properties',
    'roles.yml',
    'role_mapping.yml',
  ])
    own(join(config, name));
  // Not executable as it came out of its zip.
  const command = [...prefix, programOf('bash'), join(home, 'bin', 'elasticsearch')];
  const running = await ServerProcess.start(command, join(folder, 'elasticsearch.log'), {
    ES_PATH_CONF: config,
    ES_JAVA_HOME: dirname(dirname(realpathSync(programOf('java')))),
    // The program that starts the server, and stays as long as it.
    CLI_JAVA_OPTS: '-Xmx32m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData',
    ES_TMPDIR: join(folder, 'tmp'),
    HOME: folder,
  });
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  await running.untilReady(async () => {
    const url = `http://127.0.0.1:${String(to)}/_cluster/health?wait_for_status=yellow&timeout=5s`;
    if (!(await fetch(url, { headers: { authorization } })).ok) throw new Error('not ready');
  }, 180_000);
  const tls = makeTlsMaterial();
  const front = await startFront({ to, tls });
  const { port, tlsPort } = front;
  return {
    server: { host: '127.0.0.1', port, tlsPort, username, password, tls, pid: running.pid },
    stop: async () => {
      await front.close();
      await running.stop('TERM');
    },
  };
}

/** Where the program lies; a copy where the account of the server may not read the cache. */
function homeOf(folder: string, copy: boolean): string {
  const home = cached('maven', 'elasticsearch');
  if (!copy) return home;
  cpSync(home, join(folder, 'home'), { recursive: true });
  return join(folder, 'home');
}

/** The form in which the file of users keeps a password. */
function hashOf(password: string): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}
