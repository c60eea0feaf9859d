/**
 * `npm run bench:http`: reads of the API (list of 20 rows, one by id) at 1, 16 and 64 connections, beside a bare node:http
 * server that runs the same statements by pg. Runs of the two alternate; ratios are of medians.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import pg from 'pg';
import { v7 as uuid } from 'uuid';
import { SystemClock } from '../../src/common/clock.js';
import { FIND, ROW } from '../../src/data-sources/data-sources.store.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { TokenIssuer } from '../../src/rbac/token-issuer.js';

const ROWS = 200;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.BENCH_SECONDS ?? 4);
const CONNECTIONS = [1, 16, 64];
const PORT = 39_411;
const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

interface Figures {
  readonly rate: number;
  readonly p99: number;
}

const children: ChildProcess[] = [];
const dataDir = mkdtempSync(join(tmpdir(), 'datawave-bench-'));
const database = await startEmbeddedPostgres({ dataDir });
try {
  await migrate(database.ownerUrl);
  const orgId = uuid();
  const id = await fill(orgId);
  const env = {
    ...process.env,
    NODE_ENV: 'development',
    DATA_DIR: dataDir,
    DATABASE_URL: database.ownerUrl,
    LOG_LEVEL: 'error',
  };
  const config = loadConfig(env);
  const token = await new TokenIssuer(config, new SystemClock()).issue({
    orgId,
    userId: 'bench',
    roles: ['viewer'],
    ttlS: 7_200,
  });
  const bare = await startBare(orgId);
  const product = await startProduct({ ...env, PORT: String(PORT), METRICS_PORT: '0' });
  const authorization = `Bearer ${token}`;
  console.log(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${String(cpus().length)} cores, Node ${process.version}; ${String(ROUNDS)} rounds of ${String(SECONDS)} s each`,
  );
  console.log('route      connections   product/s   bare/s   ratio   p99 product   p99 bare   p99 ratio');
  for (const [route, path] of [
    ['list', '/data-sources?limit=20'],
    ['by id', `/data-sources/${id}`],
  ] as const) {
    for (const connections of CONNECTIONS) {
      const ours: Figures[] = [];
      const theirs: Figures[] = [];
      await load(`${product}/api/v1${path}`, connections, 1, authorization);
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await load(`${product}/api/v1${path}`, connections, SECONDS, authorization));
        theirs.push(await load(`${bare}${path}`, connections, SECONDS));
      }
      const [a, b] = [median(ours), median(theirs)];
      console.log(
        [
          route.padEnd(9),
          pad(connections, 12),
          pad(Math.round(a.rate), 11),
          pad(Math.round(b.rate), 8),
          pad((a.rate / b.rate).toFixed(2), 7),
          pad(`${String(a.p99)} ms`, 13),
          pad(`${String(b.p99)} ms`, 10),
          pad((a.p99 / Math.max(b.p99, 1)).toFixed(1), 11),
        ].join(' '),
      );
    }
  }
  console.log('goals: ratio >= 0.60, p99 ratio <= 2.0');
} finally {
  for (const child of children) child.kill('SIGTERM');
  for (const child of children) if (child.exitCode === null) await once(child, 'exit');
  await database.stop();
  rmSync(dataDir, { recursive: true, force: true });
}

/** Registers rows straight in the table: nothing must test or discover them while the clock runs. */
async function fill(orgId: string): Promise<string> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`SELECT set_config('role', 'datawave_app', true), set_config('app.org_id', $1, true)`, [
    orgId,
  ]);
  let id = '';
  for (let i = 0; i < ROWS; i++) {
    id = uuid();
    await client.query(
      `INSERT INTO data_sources (id, org_id, name, description, type, category, connection, destination, secret_fields,
         pool, discovery, health, tags, status, status_reason, created_by)
       VALUES ($1, $2, $3, 'A source of the bench', 'postgresql', 'sql', $4, 'x', '{password}', $5, $6, $7, '{a,b}', 'active', $8, 'bench')`,
      [
        id,
        orgId,
        `Source ${String(i)}`,
        {
          type: 'postgresql',
          host: 'db.example.com',
          port: 5432,
          database: 'sales',
          username: 'reader',
          tls: { mode: 'verify_full' },
        },
        { size: 5, connect_timeout_ms: 30_000, query_timeout_ms: 300_000, max_retries: 3 },
        { auto_refresh: true, interval_s: 3_600, include: [], exclude: [], strategy: 'balanced' },
        { interval_s: 60, timeout_ms: 10_000, unhealthy_threshold: 3, healthy_threshold: 2 },
        { code: 'OK', message: 'The source answers.', user_action: false, since: new Date().toISOString() },
      ],
    );
  }
  await client.query('COMMIT');
  await client.end();
  return id;
}

async function startBare(orgId: string): Promise<string> {
  const where = 'org_id = $1 AND deleted_at IS NULL';
  const list = `SELECT t.total, p.* FROM (SELECT (SELECT count(*)::int FROM data_sources WHERE ${where}) AS total) t
    LEFT JOIN LATERAL (SELECT ${ROW} FROM data_sources WHERE ${where} ORDER BY created_at DESC, id DESC LIMIT 21 OFFSET 0) p ON true`;
  // As superuser: without row-level security the bare server could not see the rows otherwise.
  const child = spawn(
    process.execPath,
    [
      '--import',
      new URL('../../test/support/typescript.mjs', import.meta.url).href,
      pathOf('bare-server.ts'),
      database.superuserUrl.replace(/\/[^/]*$/, '/datawave'),
      orgId,
      list,
      FIND,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return `http://127.0.0.1:${port}`;
}

async function startProduct(env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, [pathOf('../../dist/main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const url = `http://127.0.0.1:${env.PORT ?? ''}`;
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('listening')) break;
  child.stdout.resume();
  return url;
}

async function load(
  url: string,
  connections: number,
  duration: number,
  authorization?: string,
): Promise<Figures> {
  const result = await autocannon({
    url,
    connections,
    duration,
    ...(authorization ? { headers: { authorization } } : {}),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${String(result.non2xx)} refused, ${String(result.errors)} failed`);
  return { rate: result.requests.average, p99: result.latency.p99 };
}

function median(figures: readonly Figures[]): Figures {
  const middle = (values: number[]): number =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return { rate: middle(figures.map(({ rate }) => rate)), p99: middle(figures.map(({ p99 }) => p99)) };
}

function pad(value: string | number, width: number): string {
  return String(value).padStart(width);
}
