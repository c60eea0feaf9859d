// Starts the keeper of the test servers (test/servers/start.ts); it starts a server when a suite first asks for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const pathOf = (relative) => fileURLToPath(new URL(relative, import.meta.url));

export default async function setup() {
  const keeper = spawn(
    process.execPath,
    ['--import', new URL('./typescript.mjs', import.meta.url).href, pathOf('../servers/start.ts')],
    // The keeper ends with its standard input, so nothing outlives a test run that was killed.
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const [url] = await Promise.race([
    once(createInterface({ input: keeper.stdout }), 'line'),
    once(keeper, 'exit').then(() =>
      Promise.reject(new Error('The keeper of the test servers did not start.')),
    ),
  ]);
  process.env.TEST_SERVERS_URL = url;
  globalThis.testServersKeeper = keeper;
}
