import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { MongoDbTestServer, Running } from './server-types.js';

/** Starts FerretDB, MongoDB's protocol over SQLite: SCRAM, and TLS on a second port. It is no MongoDB, but close. */
export async function startMongoDb(folder: string): Promise<Running<MongoDbTestServer>> {
  const file = filesIn(folder);
  const data = join(folder, 'data');
  mkdirSync(data);
  const tls = makeTlsMaterial();
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [username, password] = ['admin', randomBytes(16).toString('hex')];
  const command = [
    cached('go', 'bin', 'ferretdb-1.24.2'),
    '--handler=sqlite',
    `--sqlite-url=file:${data}/?_pragma=synchronous(OFF)`,
    `--state-dir=${folder}`,
    `--listen-addr=127.0.0.1:${String(port)}`,
    `--listen-tls=127.0.0.1:${String(tlsPort)}`,
    `--listen-tls-cert-file=${file('server.crt', tls.server.cert)}`,
    `--listen-tls-key-file=${file('server.key', tls.server.key)}`,
    '--debug-addr=-',
    '--log-level=WARN',
    '--telemetry=disable',
    // Without it any password is taken.
    '--test-enable-new-auth',
    '--setup-database=admin',
    `--setup-username=${username}`,
    `--setup-password=${password}`,
  ];
  const running = await ServerProcess.start(command, join(folder, 'mongodb.log'));
  await running.untilReady(async () => {
    const client = new MongoClient(`mongodb://127.0.0.1:${String(port)}/?directConnection=true`, {
      auth: { username, password },
      serverSelectionTimeoutMS: 5_000,
    });
    try {
      await client.db('admin').command({ ping: 1 });
    } finally {
      await client.close();
    }
  });
  const server = { host: '127.0.0.1', port, tlsPort, username, password, tls, pid: running.pid };
  return { server, stop: () => running.stop() };
}
