// Keeps the test servers: starts each one when it is first asked for and ends all when its standard input ends.
// By hand: `node --import ./test/support/typescript.mjs test/servers/start.ts mariadb redis` prints where they listen.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariadb } from './mariadb.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import type { Running, ServerName } from './server-types.js';

const STARTERS: Readonly<Record<ServerName, (folder: string) => Promise<Running>>> = {
  postgres: startPostgres,
  mariadb: startMariadb,
  redis: startRedis,
};

const folder = mkdtempSync(join(tmpdir(), 'test-servers-'));
const started = new Map<string, Promise<Running>>();

/** The one running server of that name; many suites share it. */
function serverOf(name: string): Promise<Running> {
  if (!Object.hasOwn(STARTERS, name)) throw new Error(`There is no test server ${name}.`);
  let server = started.get(name);
  if (!server) {
    server = STARTERS[name as ServerName](join(folder, name));
    started.set(name, server);
  }
  return server;
}

async function stopAll(): Promise<void> {
  await Promise.allSettled([...started.values()].map(async (server) => (await server).stop()));
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

// The path is a secret of this run: another user of the machine must not learn the passwords.
const path = `/${randomBytes(16).toString('hex')}/`;
const control = createServer((request, response) => {
  const name = request.url?.startsWith(path) === true ? request.url.slice(path.length) : '';
  Promise.resolve()
    .then(() => serverOf(name))
    .then(
      ({ server }) => response.end(JSON.stringify(server)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
});

process.stdin.resume().on('end', () => void stopAll());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stopAll());

const names = process.argv.slice(2);
if (names.length > 0) {
  for (const name of names) {
    const { host, port, username, password } = (await serverOf(name)).server;
    console.log(`${name} ${host}:${String(port)} as ${username} with ${password}`);
  }
} else {
  control.listen(0, '127.0.0.1', () => {
    const address = control.address();
    if (address !== null && typeof address === 'object')
      console.log(`http://127.0.0.1:${String(address.port)}${path}`);
  });
}
