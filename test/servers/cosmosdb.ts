import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTlsMaterial } from '../support/certificates.js';
import { cached } from './cache.js';
import { filesIn, freePort, ServerProcess } from './server-process.js';
import type { CosmosDbTestServer, Running } from './server-types.js';

/** Starts an emulator of Cosmos DB (databases, containers, documents, SQL queries), which checks account keys. */
export async function startCosmosDb(folder: string): Promise<Running<CosmosDbTestServer>> {
  const file = filesIn(folder);
  const tls = makeTlsMaterial();
  const port = await freePort();
  const accountKey = randomBytes(64).toString('base64');
  const command = [
    process.execPath,
    fileURLToPath(new URL('cosmosdb-process.mjs', import.meta.url)),
    cached('npm', 'node_modules', '@vercel', 'cosmosdb-server'),
    String(port),
    file('server.crt', tls.server.cert),
    file('server.key', tls.server.key),
  ];
  const env = { COSMOS_ACCOUNT_KEY: accountKey, NODE_OPTIONS: '' };
  const running = await ServerProcess.start(command, join(folder, 'cosmosdb.log'), env);
  await running.untilReady(() => answersTls(port, tls.ca));
  return {
    server: { host: '127.0.0.1', port, tls, accountKey, pid: running.pid },
    stop: () => running.stop(),
  };
}

function answersTls(port: number, ca: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, ca, agent: false, timeout: 5_000 }, (answer) => {
      answer.resume().on('end', resolve);
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', reject).end();
  });
}
