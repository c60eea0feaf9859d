// Keeps the test servers: starts each one when it is first asked for and ends all when its standard input ends.
// By hand: `node --import ./test/support/typescript.mjs test/servers/start.ts mariadb redis` prints where they listen.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsMaterial } from '../support/certificates.js';
import { ServerKeeper } from './keeper.js';
import type { TestEndpoint } from './server-types.js';

const folder = mkdtempSync(join(tmpdir(), 'test-servers-'));
// PostgreSQL runs under another account than root, and its data is in here; secrets have modes of their own.
chmodSync(folder, 0o711);
const keeper = new ServerKeeper(folder);

async function stopAll(exitCode = 0): Promise<void> {
  await keeper.stopAll();
  rmSync(folder, { recursive: true, force: true });
  process.exit(exitCode);
}

// The path is a secret of this run: another user of the machine must not learn the passwords.
const path = `/${randomBytes(16).toString('hex')}/`;
const control = createServer((request, response) => {
  // A connection that is kept may be closed by us in the moment in which it is used again.
  response.setHeader('connection', 'close');
  const asked = new URL(request.url ?? '/', 'http://keeper');
  const name = asked.pathname.startsWith(path) ? asked.pathname.slice(path.length) : '';
  const [worker, file] = [asked.searchParams.get('worker') ?? '', asked.searchParams.get('file') ?? ''];
  keeper.serverOf(name, worker, file).then(
    (server) => response.end(JSON.stringify(server)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
});

process.stdin.resume().on('end', () => void stopAll());
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stopAll());

/** In place of keys and certificates, the one file that a developer's client needs. */
function authorityFile(name: string, facts: TestEndpoint): { tls?: string } {
  if (!('tls' in facts)) return {};
  const file = join(folder, `${name}-ca.crt`);
  writeFileSync(file, (facts.tls as TlsMaterial).ca);
  return { tls: file };
}

const names = process.argv.slice(2);
async function show(name: string): Promise<void> {
  const began = performance.now();
  const facts = await keeper.serverOf(name, 'terminal', 'terminal');
  console.log(`${name} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
  console.log(JSON.stringify({ ...facts, ...authorityFile(name, facts) }, null, 2));
}

if (names.length > 0) {
  try {
    for (const name of names) await show(name);
  } catch (error) {
    console.error(error);
    await stopAll(1);
  }
} else {
  control.listen(0, '127.0.0.1', () => {
    const address = control.address();
    if (address !== null && typeof address === 'object')
      console.log(`http://127.0.0.1:${String(address.port)}${path}`);
  });
}
