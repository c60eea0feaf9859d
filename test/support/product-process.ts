import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '../../src/common/clock.js';
import { loadConfig } from '../../src/platform/config/config.js';
import type { RoleName } from '../../src/rbac/permissions.js';
import { TokenIssuer } from '../../src/rbac/token-issuer.js';
import { freePort } from '../servers/server-process.js';
import { makeProductDatabase, type ProductDatabase } from './product-database.js';
import { until } from './until.js';

/** The whole product in a process of its own, so that every byte that it writes anywhere can be seen. */
export interface ProductProcess {
  /** Such as `http://127.0.0.1:4711`. */
  readonly url: string;
  readonly metricsUrl: string;
  readonly database: ProductDatabase;
  /** Folder of the files that sources may read, one folder per organization. */
  readonly filesRoot: string;
  token(role: RoleName | readonly RoleName[], orgId: string, userId?: string): Promise<string>;
  /** Everything written to standard output and standard error so far. */
  output(): string;
  /** Ends the process as an operator would, and gives back its exit code. */
  stop(): Promise<number | null>;
}

const START_MS = 60_000;

export interface ProcessOptions {
  /** A database that another process has made; it is left there when this one stops. */
  readonly database?: ProductDatabase;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the product on a free port; resolves when it answers, whether or not it is ready. */
export async function startProductProcess(options: ProcessOptions = {}): Promise<ProductProcess> {
  const database = options.database ?? (await makeProductDatabase());
  const dataDir = mkdtempSync(join(tmpdir(), 'datawave-product-'));
  const [port, metricsPort] = [await freePort(), await freePort()];
  const env = {
    NODE_ENV: 'test',
    DATABASE_URL: database.ownerUrl,
    DATA_DIR: dataDir,
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    // Tests ask more than people do; the limit has tests of its own.
    PROBES_PER_MINUTE: '100000',
    APP_SECRET: randomBytes(48).toString('base64url'),
    JWT_SECRET: randomBytes(48).toString('base64url'),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'trace',
    ...options.environment,
  };
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('./typescript.mjs', import.meta.url).href,
      fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
    ],
    { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  // Not 'exit': the last words may still be on their way then.
  const closed = once(child, 'close');
  const url = `http://127.0.0.1:${String(port)}`;
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await closed;
    if (!options.database) await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
    return child.exitCode;
  };
  try {
    await until(() => isUp(child, url), `the product answers\n${output}`, START_MS);
  } catch (error) {
    const code = await stop();
    throw new Error(`The product did not start (exit code ${String(code)}):\n${output}`, { cause: error });
  }
  return {
    url,
    metricsUrl: `http://127.0.0.1:${String(metricsPort)}/metrics`,
    database,
    filesRoot: join(dataDir, 'files'),
    token: (role, orgId, userId = 'tester') =>
      new TokenIssuer(loadConfig(env), new SystemClock()).issue({
        orgId,
        userId,
        roles: [role].flat(),
        ttlS: 3_600,
      }),
    output: () => output,
    stop,
  };
}

async function isUp(child: ChildProcess, url: string): Promise<boolean> {
  if (child.exitCode !== null) throw new Error('It ended.');
  return fetch(`${url}/health/live`).then(
    (answer) => answer.ok,
    () => false,
  );
}
