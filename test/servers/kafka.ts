import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { jarsIn, java } from './java.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { KafkaTestServer, Running } from './server-types.js';

const run = promisify(execFile);
const MECHANISMS = 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER';
/** The account that may do everything, and one that access lists may be written for. */
const USERS = ['admin', 'reader'] as const;

/** Starts one node of Kafka, broker and controller in one: listeners with and without SASL and TLS, access lists. */
export async function startKafka(folder: string, heapMb = 256): Promise<Running<KafkaTestServer>> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const ports = await Promise.all(Array.from({ length: 5 }, freePort));
  const [port = 0, saslPort = 0, tlsPort = 0, clientCertificatePort = 0, controllerPort = 0] = ports;
  const password = randomBytes(16).toString('hex');
  const listeners = [
    `PLAINTEXT://127.0.0.1:${String(port)}`,
    `SASL_PLAINTEXT://127.0.0.1:${String(saslPort)}`,
    `SASL_SSL://127.0.0.1:${String(tlsPort)}`,
    `SSL://127.0.0.1:${String(clientCertificatePort)}`,
  ].join(',');
  const users = USERS.map((name) => `user_${name}="${password}"`).join(' ');
  const settings: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${String(controllerPort)}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${listeners},CONTROLLER://127.0.0.1:${String(controllerPort)}`,
    'advertised.listeners': listeners,
    'listener.security.protocol.map': ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL']
      .map((name) => `${name}:${name}`)
      .concat('CONTROLLER:PLAINTEXT')
      .join(','),
    'inter.broker.listener.name': 'PLAINTEXT',
    'sasl.enabled.mechanisms': MECHANISMS,
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': file('server.pem', tls.server.key + tls.server.cert),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': file('ca.pem', tls.ca),
    'listener.name.ssl.ssl.client.auth': 'required',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'true',
    'super.users': 'User:admin;User:ANONYMOUS',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Half of the heap, as it comes.
    'log.cleaner.dedupe.buffer.size': '8388608',
  };
  for (const listener of ['sasl_plaintext', 'sasl_ssl']) {
    const jaas = (mechanism: string): string => `listener.name.${listener}.${mechanism}.sasl.jaas.config`;
    settings[jaas('plain')] = `org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`;
    // Takes tokens without a signature that have not expired: the user is their `sub`.
    settings[jaas('oauthbearer')] =
      'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";';
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'])
      settings[jaas(mechanism)] = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  const properties = file('server.properties', lines.join(''));
  const command = java(folder, heapMb, '-cp', jarsIn(cached('maven', 'kafka')));
  const [program = '', ...options] = command;
  const scram = USERS.flatMap((name) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  );
  const cluster = randomBytes(16).toString('base64url');
  const format = ['kafka.tools.StorageTool', 'format', '-t', cluster, '-c', properties, ...scram];
  await run(program, [...options, ...format], { timeout: 120_000 });
  const running = await ServerProcess.start(
    [...command, 'kafka.Kafka', properties],
    join(folder, 'kafka.log'),
  );
  await running.untilReady(() => accepts(saslPort), 120_000);
  const server = {
    host: '127.0.0.1',
    port,
    saslPort,
    tlsPort,
    clientCertificatePort,
    username: 'admin',
    password,
    tls,
  };
  return { server: { ...server, pid: running.pid }, stop: () => running.stop() };
}

/** It listens only when it is ready to serve. */
function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
