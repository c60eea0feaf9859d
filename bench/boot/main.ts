/**
 * `npm run bench:boot`: a start of the product with all types of sources beside one with PostgreSQL alone, in time and
 * memory; and what the first use of each type costs, which loads its driver. Starts alternate; each is a fresh process.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SOURCE_TYPES } from '../../src/connectors/connector-registry.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { machine, median, pairedRatio, printTable } from '../report.js';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const GOAL = 1.2;
const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const run = promisify(execFile);

interface Start {
  readonly ms: number;
  readonly mb: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-boot-'));
const database = await startEmbeddedPostgres({ dataDir: folder });
try {
  await migrate(database.ownerUrl);
  const one: Start[] = [];
  const all: Start[] = [];
  const oneType = copy('one');
  // The product itself has no way to leave a type out: this copy of it has another catalogue.
  writeFileSync(
    join(oneType, 'dist/connectors/drivers/index.js'),
    "import { postgresql } from './postgresql.js';\nexport const CONNECTORS = [postgresql];\n",
  );
  const allTypes = copy('all');
  await start(allTypes);
  for (let round = 0; round < ROUNDS; round++) {
    one.push(await start(oneType));
    all.push(await start(allTypes));
  }
  console.log(`${machine()}\n${String(ROUNDS)} starts each way\n`);
  const row = (title: string, of: (start: Start) => number, unit: string): string[] => {
    const ratio = pairedRatio(all.map(of), one.map(of));
    return [
      title,
      `${median(one.map(of)).toFixed(0)} ${unit}`,
      `${median(all.map(of)).toFixed(0)} ${unit}`,
      `${ratio.toFixed(2)}x`,
      `<= ${String(GOAL)}x`,
      ratio <= GOAL ? 'reached' : 'missed',
    ];
  };
  printTable(
    ['start', 'one type', `${String(SOURCE_TYPES.length)} types`, 'ratio', 'goal', ''],
    [row('until it listens', ({ ms }) => ms, 'ms'), row('resident memory', ({ mb }) => mb, 'MB')],
  );
  const rows: string[][] = [];
  for (const type of SOURCE_TYPES) {
    const { ms, mb, end } = await firstUse(type);
    rows.push([type, ms.toFixed(0), mb.toFixed(1), end]);
  }
  printTable(['first use of', 'ms', 'MB', 'ends with'], rows);
} finally {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A copy of the built product. */
function copy(name: string): string {
  const at = join(folder, name);
  cpSync(pathOf('../../dist'), join(at, 'dist'), { recursive: true });
  cpSync(pathOf('../../package.json'), join(at, 'package.json'));
  symlinkSync(pathOf('../../node_modules'), join(at, 'node_modules'));
  return at;
}

async function start(product: string): Promise<Start> {
  const from = performance.now();
  const child = spawn(process.execPath, [join(product, 'dist/main.js')], {
    env: {
      ...process.env,
      NODE_ENV: 'development',
      DATA_DIR: folder,
      DATABASE_URL: database.ownerUrl,
      PORT: '0',
      METRICS_PORT: '0',
      MIGRATE_ON_START: 'false',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('listening')) break;
    const ms = performance.now() - from;
    child.stdout.resume();
    // What a start leaves behind is collected meanwhile.
    await pause(1_000);
    const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8');
    return { ms, mb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024 };
  } finally {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  }
}

/** What `open` ends with tells how far it came: a type that wants real keys or files ends before it dials. */
async function firstUse(type: string): Promise<Start & { readonly end: string }> {
  const dist = new URL('../../dist', import.meta.url).href;
  const { stdout } = await run(process.execPath, ['--expose-gc', pathOf('first-use.mjs'), dist, type], {
    cwd: folder,
  });
  return JSON.parse(stdout) as Start & { readonly end: string };
}
