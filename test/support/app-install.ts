import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Starts the launcher on the folder argv[2], says where in one line of JSON, and obeys: `exit` ends without a stop. */
const APP = `
import { createInterface } from 'node:readline';
import { startEmbeddedPostgres } from './platform/embedded-postgres/embedded-postgres.js';
const began = performance.now();
const steps = [];
try {
  const server = await startEmbeddedPostgres({ dataDir: process.argv[2], onStep: (text) => steps.push(text) });
  const ms = Math.round(performance.now() - began);
  console.log(JSON.stringify({ port: server.port, ownerUrl: server.ownerUrl, superuserUrl: server.superuserUrl, steps, ms }));
  createInterface({ input: process.stdin }).on('line', async (line) => {
    if (line === 'stop') await server.stop();
    process.exit();
  });
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }));
  process.exit(1);
}
`;

/** What the app says after its start: where the server is, or why it did not start. */
export interface Said {
  readonly port: number;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  readonly steps: readonly string[];
  readonly ms: number;
  readonly code?: string;
  readonly message?: string;
}

/** A process of its own that runs the launcher. */
export interface RunningApp extends Said {
  readonly process: ChildProcess;
  /** Ends it in good order, or without a word to the server. */
  end(how: 'stop' | 'exit'): Promise<void>;
}

/** Builds the launcher into `folder` with the packages that it needs, like a checkout of its own. */
export function installLauncher(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const swc = join(ROOT, 'node_modules/@swc/cli/bin/swc.js');
  const sources = ['src/platform/embedded-postgres', 'src/common'];
  const built = spawnSync(process.execPath, [swc, ...sources, '-d', folder, '--strip-leading-paths', '-q'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: '' },
  });
  if (built.status !== 0) throw new Error(`swc: ${built.stderr}`);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'app.mjs'), APP);
  const os = process.platform === 'win32' ? 'windows' : process.platform;
  for (const name of closure(['pg', `@embedded-postgres/${os}-${process.arch}`]))
    cpSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name), {
      recursive: true,
      verbatimSymlinks: true,
    });
}

/** The packages and all that they depend on, as they lie in node_modules. */
function closure(names: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const file = join(ROOT, 'node_modules', name, 'package.json');
    if (found.has(name) || !existsSync(file)) return;
    found.add(name);
    const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    Object.keys(dependencies).forEach(visit);
  };
  names.forEach(visit);
  return found;
}

/** Runs the app of an install on a data folder, under another account where one is given. */
export async function runApp(install: string, dataDir: string, account?: number): Promise<RunningApp> {
  const child = spawn(process.execPath, [join(install, 'app.mjs'), dataDir], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(account !== undefined && { uid: account, gid: account }),
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ...(JSON.parse(line) as Said),
    process: child,
    end: async (how) => {
      const gone = once(child, 'exit');
      child.stdin.write(`${how}\n`);
      await gone;
    },
  };
}
