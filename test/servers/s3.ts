import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTlsMaterial } from '../support/certificates.js';
import { answers, filesIn, freePort, programOf, ServerProcess } from './server-process.js';
import type { Running, S3TestServer } from './server-types.js';

const run = promisify(execFile);

/** A cluster of one monitor and one store in memory; nobody but this machine reaches it. */
const configuration = (folder: string, facts: { id: string; monitor: number; frontends: string }): string => `
[global]
fsid = ${facts.id}
mon host = v2:127.0.0.1:${String(facts.monitor)}
public addr = 127.0.0.1
keyring = ${folder}/keyring
run dir = ${folder}
admin socket =
log file =
log to stderr = true
# One copy of everything; there is no manager that would tune placement groups.
osd pool default size = 1
osd pool default min size = 1
mon allow pool size one = true
osd crush chooseleaf type = 0
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
# Each pool that the gateway makes waits for this: 3 seconds for the start in place of 11.
paxos propose interval = 0.2
[mon]
mon data = ${folder}/mon
[osd]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
[client.rgw]
rgw data = ${folder}/rgw
rgw frontends = ${facts.frontends}
`;

/**
 * Everybody's key; the monitor takes the same ones over when it is made.
 *
 * Trap: without authentication ("auth none") a client may send its first command before it has heard which cluster it
 * talks to, is refused (EPERM), and the store or the gateway then hangs; that was one start in three.
 */
function keyring(): string {
  const rights: Record<string, string> = {
    'mon.': 'caps mon = "allow *"',
    'client.admin': 'caps mon = "allow *"\n\tcaps osd = "allow *"\n\tcaps mgr = "allow *"',
    'osd.0': 'caps mon = "allow profile osd"\n\tcaps osd = "allow *"',
    'client.rgw': 'caps mon = "allow rw"\n\tcaps osd = "allow rwx"',
  };
  return Object.entries(rights)
    .map(([name, caps]) => `[${name}]\n\tkey = ${secret()}\n\t${caps}\n`)
    .join('');
}

/** A key in the form of Ceph: its kind (AES), when it was made, its length, and 16 bytes. */
function secret(): string {
  const head = Buffer.alloc(12);
  head.writeUInt16LE(1, 0);
  head.writeUInt32LE(Math.floor(Date.now() / 1_000), 2);
  head.writeUInt16LE(16, 10);
  return Buffer.concat([head, randomBytes(16)]).toString('base64');
}

/** Starts Ceph's object gateway over a small cluster in `folder`: SigV4, versions, policies, presigned URLs. */
export async function startS3(folder: string): Promise<Running<S3TestServer>> {
  for (const part of ['mon', 'osd', 'rgw']) mkdirSync(join(folder, part), { recursive: true });
  const tls = makeTlsMaterial();
  const file = filesIn(folder);
  const [monitor, port, tlsPort] = [await freePort(), await freePort(), await freePort()];
  const [id, store] = [randomUUID(), randomUUID()];
  file('keyring', keyring());
  const frontends = [
    `beast endpoint=127.0.0.1:${String(port)} ssl_endpoint=127.0.0.1:${String(tlsPort)}`,
    `ssl_certificate=${file('server.crt', tls.server.cert)}`,
    `ssl_private_key=${file('server.key', tls.server.key)}`,
  ].join(' ');
  const conf = ['-c', file('ceph.conf', configuration(folder, { id, monitor, frontends }))];
  const map = join(folder, 'monmap');
  const address = `[v2:127.0.0.1:${String(monitor)}]`;
  const parts: ServerProcess[] = [];
  const part = async (name: string, ...options: string[]): Promise<ServerProcess> => {
    const command = [programOf(name), ...conf, ...options, '-f'];
    const started = await ServerProcess.start(command, join(folder, `${name}.log`));
    parts.unshift(started);
    return started;
  };
  const stop = async (): Promise<void> => {
    for (const started of parts) await started.stop();
  };
  try {
    await run(programOf('monmaptool'), ['--create', '--fsid', id, '--addv', 'a', address, map]);
    await run(programOf('ceph-mon'), [
      ...conf,
      '-i',
      'a',
      '--mkfs',
      '--monmap',
      map,
      '--keyring',
      join(folder, 'keyring'),
    ]);
    await part('ceph-mon', '-i', 'a');
    await run(programOf('ceph'), [...conf, '--connect-timeout', '60', 'osd', 'new', store], {
      timeout: 90_000,
    });
    await run(programOf('ceph-osd'), [...conf, '-i', '0', '--mkfs', '--osd-uuid', store]);
    await part('ceph-osd', '-i', '0');
    const gateway = await part('radosgw', '-n', 'client.rgw');
    await gateway.untilReady(() => answers(`http://127.0.0.1:${String(port)}/`), 40_000);
    const [accessKey, secretKey] = [
      randomBytes(10).toString('hex').toUpperCase(),
      randomBytes(20).toString('hex'),
    ];
    await run(
      programOf('radosgw-admin'),
      [...conf, '-n', 'client.rgw', 'user', 'create', '--uid', 'admin', '--display-name', 'admin'].concat([
        '--access-key',
        accessKey,
        '--secret-key',
        secretKey,
      ]),
      { timeout: 60_000 },
    );
    const server = { host: '127.0.0.1', port, tlsPort, tls, accessKey, secretKey, region: 'us-east-1' };
    return { server: { ...server, pid: gateway.pid }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
