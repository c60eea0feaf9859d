import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { runCql } from './cql.js';
import { jarsIn, java } from './java.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { Running } from './server-types.js';

/** What Cassandra takes of the insides of Java 17; its own start script asks for the same. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
  'java.base/java.lang.ref',
  'jdk.unsupported/sun.misc',
];
const OPENS = [
  ...[
    'lang',
    'lang.module',
    'lang.reflect',
    'io',
    'math',
    'net',
    'nio',
    'util',
    'util.concurrent',
    'util.concurrent.atomic',
  ].map((name) => `java.base/java.${name}`),
  ...['loader', 'ref', 'reflect', 'math', 'module', 'util.jar'].map(
    (name) => `java.base/jdk.internal.${name}`,
  ),
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
];

const configuration = (folder: string, ports: { native: number; storage: number }): string => `
cluster_name: test
num_tokens: 1
initial_token: "0"
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "127.0.0.1:${String(ports.storage)}" }]
listen_address: 127.0.0.1
storage_port: ${String(ports.storage)}
rpc_address: 127.0.0.1
start_native_transport: true
native_transport_port: ${String(ports.native)}
authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
role_manager: CassandraRoleManager
data_file_directories: ["${folder}/data"]
commitlog_directory: "${folder}/commitlog"
saved_caches_directory: "${folder}/caches"
hints_directory: "${folder}/hints"
cdc_raw_directory: "${folder}/cdc"
commitlog_sync: periodic
commitlog_sync_period: 10s
commitlog_segment_size: 8MiB
memtable_heap_space: 32MiB
memtable_offheap_space: 32MiB
file_cache_size: 16MiB
networking_cache_size: 16MiB
auto_snapshot: false
materialized_views_enabled: true
concurrent_reads: 4
concurrent_writes: 4
concurrent_counter_writes: 2
client_encryption_options:
  enabled: true
  # One port takes clients with and without TLS.
  optional: true
  require_client_auth: false
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: "${folder}/server.pem"
  truststore: "${folder}/ca.pem"
`;

/** Starts one node of Cassandra 5 with passwords and rights; its one port takes clients with and without TLS. */
export async function startCassandra(folder: string): Promise<Running> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  file('server.pem', tls.server.key + tls.server.cert);
  file('ca.pem', tls.ca);
  const [port, storage] = [await freePort(), await freePort()];
  const jars = cached('maven', 'cassandra');
  const flags: Record<string, string> = {
    'cassandra.config': `file://${file('cassandra.yaml', configuration(folder, { native: port, storage }))}`,
    'cassandra.storagedir': folder,
    'cassandra.logdir': folder,
    'logback.configurationFile': file('logback.xml', LOGGING),
    // It has no neighbours to wait for.
    'cassandra.ring_delay_ms': '10',
    'cassandra.skip_wait_for_gossip_to_settle': '0',
    'cassandra.superuser_setup_delay_ms': '0',
    // How often, in seconds, it estimates the sizes of tables: five minutes unless told.
    'cassandra.size_recorder_interval': '2',
    'cassandra-foreground': 'yes',
    'jdk.attach.allowAttachSelf': 'true',
  };
  const command = java(
    folder,
    320,
    ...Object.entries(flags).map(([name, value]) => `-D${name}=${value}`),
    ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    `-javaagent:${join(jars, 'jamm-0.4.0.jar')}`,
    ...['-cp', jarsIn(jars), 'org.apache.cassandra.service.CassandraDaemon'],
  );
  const running = await ServerProcess.start(command, join(folder, 'cassandra.log'));
  const first = { port, username: 'cassandra', password: 'cassandra' };
  // It takes logins some time after it listens.
  await running.untilReady(() => runCql(first, []), 240_000);
  const [username, password] = ['admin', randomBytes(16).toString('hex')];
  await runCql(first, [
    `CREATE ROLE admin WITH PASSWORD = '${password}' AND SUPERUSER = true AND LOGIN = true`,
  ]);
  const login = { port, username, password };
  await running.untilReady(() =>
    runCql(login, ['ALTER ROLE cassandra WITH SUPERUSER = false AND LOGIN = false']),
  );
  return { server: { host: '127.0.0.1', ...login, tls, pid: running.pid }, stop: () => running.stop() };
}

const LOGGING = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%-5level %msg%n</pattern></encoder></appender>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`;
