import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { mariadb } from '../../src/connectors/drivers/mariadb.js';
import type { DiscoveryRequest, KnownState, Session } from '../../src/connectors/spi/index.js';
import { startMariadb } from '../../test/servers/mariadb.js';
import { findProgram } from '../../test/servers/server-process.js';
import type { TestServer } from '../../test/servers/server-types.js';
import { median, pairedRatio, printTable } from '../report.js';

const SCHEMAS = 8;
const REQUEST: DiscoveryRequest = { include: ['bench*'], exclude: [], strategy: 'balanced' };
const run = promisify(execFile);

/** MariaDB's tables like those of PostgreSQL: 10 columns, keys, indexes, a foreign key, checks, comments. */
export function* mysqlTables(tables: number): Generator<string> {
  for (let at = 0; at < SCHEMAS; at += 1) yield `CREATE DATABASE bench_${String(at)}`;
  for (let at = 0; at < tables; at += 1) {
    const schema = `bench_${String(at % SCHEMAS)}`;
    const name = (n: number): string => `t${String(n).padStart(6, '0')}`;
    const reference =
      at < SCHEMAS
        ? ''
        : `, CONSTRAINT fk_${String(at)} FOREIGN KEY (c3) REFERENCES ${schema}.${name(at - SCHEMAS)} (id)`;
    yield `CREATE TABLE ${schema}.${name(at)} (
      id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, c1 varchar(80) NOT NULL DEFAULT 'x' COMMENT 'column one',
      c2 decimal(12,2) DEFAULT 0, c3 bigint, c4 timestamp NOT NULL DEFAULT current_timestamp(), c5 enum('a','b','c'),
      c6 text COMMENT 'some text', c7 json, c8 date, c9 int CHECK (c9 > 0),
      UNIQUE KEY u (c1, c2), KEY i (c4)${reference}) COMMENT 'table number ${String(at)}'`;
  }
}

interface Rounds {
  readonly full: number[];
  readonly changed: number[];
  readonly unchanged: number[];
  readonly dump: number[];
}

/** Our read of MariaDB against its own dump of the same schemas, in interleaved rounds; a line where it is missing. */
export async function benchMariadb(tables: number, rounds: number): Promise<void> {
  const dump = findProgram('mariadb-dump');
  if (findProgram('mariadbd') === undefined || dump === undefined) {
    process.stdout.write('SKIPPED MariaDB: install it with test/servers/install.sh\n');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'bench-mariadb-'));
  const mariadbServer = await startMariadb(folder);
  const { server } = mariadbServer;
  try {
    const admin = await createConnection({
      host: server.host,
      port: server.port,
      user: server.username,
      password: server.password,
    });
    for (const statement of mysqlTables(tables)) await admin.query(statement);
    // A table of the last seconds is taken as changed: the refreshes are measured on older ones.
    await new Promise((done) => setTimeout(done, 4_000));
    const found: Rounds = { full: [], changed: [], unchanged: [], dump: [] };
    for (let round = 0; round <= rounds; round += 1) {
      const one = await roundOf(server, dump);
      if (round === 0) continue;
      for (const key of ['full', 'changed', 'unchanged', 'dump'] as const) found[key].push(one[key]);
    }
    await admin.end();
    report(tables, found);
  } finally {
    await mariadbServer.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function roundOf(server: TestServer, dump: string): Promise<Record<keyof Rounds, number>> {
  const session = await mariadb.open(
    {
      type: 'mariadb',
      host: server.host,
      port: server.port,
      username: server.username,
      password: server.password,
      tls: { mode: 'disable' },
    },
    { signal: AbortSignal.timeout(10_000), locate: (where) => Promise.resolve(where) },
  );
  const names = new Map<string, Map<string, string>>();
  let token: string | undefined;
  const full = await timed(async () => {
    token = await readAll(session, REQUEST, names);
  });
  const known = { fingerprints: (schema: string) => Promise.resolve(names.get(schema) ?? new Map()) };
  const refresh = (since: KnownState): Promise<number> =>
    timed(() => readAll(session, { ...REQUEST, since }, new Map()));
  const changed = await refresh({ ...known, token: 'another' });
  const unchanged = token === undefined ? Number.NaN : await refresh({ ...known, token });
  await session.close();
  const login = [`--host=${server.host}`, `--port=${String(server.port)}`, `--user=${server.username}`];
  const schemas = Array.from({ length: SCHEMAS }, (_, at) => `bench_${String(at)}`);
  const args = ['--no-defaults', ...login, '--skip-ssl', '--no-data', '--result-file=/dev/null'];
  const env = { ...process.env, MYSQL_PWD: server.password };
  const dumped = await timed(() => run(dump, [...args, '--databases', ...schemas], { env }));
  return { full, changed, unchanged, dump: dumped };
}

async function readAll(
  session: Session<'discover'>,
  request: DiscoveryRequest,
  names: Map<string, Map<string, string>>,
): Promise<string | undefined> {
  let token: string | undefined;
  for await (const event of session.discover.discover(request, AbortSignal.timeout(600_000))) {
    if (event.event === 'token') token = event.token;
    if (event.event !== 'dataset') continue;
    const { schema, name } = event.dataset;
    const known = names.get(schema) ?? new Map<string, string>();
    names.set(schema, known.set(name, event.fingerprint ?? ''));
  }
  return token;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function report(tables: number, found: Rounds): void {
  const row = (name: string, ms: readonly number[]): string[] => [
    name,
    (median(ms) / 1_000).toFixed(3),
    `${pairedRatio(ms, found.dump).toFixed(3)}x`,
  ];
  printTable(
    [`MariaDB, ${String(tables)} tables`, 'wall s', 'to its dump'],
    [
      row('our read', found.full),
      row('refresh by fingerprints, nothing changed', found.changed),
      row('refresh by counters, nothing changed', found.unchanged),
      row('mariadb-dump --no-data', found.dump),
    ],
  );
}
