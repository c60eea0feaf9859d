import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import type { LoadView } from '../../src/data-sources/dto/load.dto.js';
import { startApp, type TestApp } from '../support/app.js';
import { describeOn, servers } from '../support/servers.js';
import { postgresConnection, settled, type SourceView } from '../support/sources.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app.stop());

/** A source on which nothing runs by itself but its first test. */
async function create(connection: Record<string, unknown>): Promise<string> {
  const { status, body } = await app.call('POST', '/data-sources', {
    body: {
      name: `load ${randomUUID()}`,
      connection,
      discovery: { auto_refresh: false },
      health: { interval_s: 86_400 },
    },
  });
  expect(status).toBe(201);
  const { id } = body as SourceView;
  expect((await settled(app, id)).status).toBe('active');
  return id;
}

async function discover(id: string): Promise<void> {
  const answer = await app.call('POST', `/data-sources/${id}/discover-schema`, {
    body: { mode: 'full' },
    headers: { prefer: 'wait=30' },
  });
  expect(answer).toMatchObject({ status: 200, body: { state: 'succeeded' } });
}

async function loadOf(id: string): Promise<LoadView> {
  const { status, body } = await app.call('GET', `/data-sources/${id}/load`);
  expect(status).toBe(200);
  return body as LoadView;
}

const countsOf = ({ by_purpose }: LoadView): Record<string, number> =>
  Object.fromEntries(by_purpose.map(({ purpose, statements }) => [purpose, statements]));

describeOn('postgres', 'the load on PostgreSQL', () => {
  let admin: Client;

  beforeAll(async () => {
    const { host, port, username: user, password } = await servers.postgres();
    admin = new Client({ host, port, user, password, database: 'postgres' });
    await admin.connect();
  });

  afterAll(() => admin.end());

  it('is shown by purpose, and the server sees the purpose of each statement', async () => {
    const connection = await postgresConnection();
    const user = `load_${randomUUID().slice(0, 8)}`;
    await admin.query(`create role ${user} login password 'p-4c1f'`);
    const id = await create({ ...connection, username: user, password: 'p-4c1f' });
    await discover(id);
    const { rows } = await admin.query<{ query: string }>(
      'select query from pg_stat_activity where usename = $1',
      [user],
    );
    expect(rows.map(({ query }) => query)).toEqual([
      expect.stringMatching(/^\/\* datawave:purpose=discovery \*\/ /),
    ]);

    const load = await loadOf(id);
    expect(load.by_purpose.map(({ purpose }) => purpose)).toEqual(['test', 'discovery']);
    for (const { statements, errors, bytes, ms_total, ms_max } of load.by_purpose) {
      expect(statements).toBeGreaterThan(0);
      expect(errors).toBe(0);
      expect(bytes).toBeGreaterThan(0);
      expect(ms_total).toBeGreaterThanOrEqual(ms_max);
    }
    const { statements_last_minute: lastMinute } = load.now;
    expect(lastMinute).toBe(load.by_purpose.reduce((sum, { statements }) => sum + statements, 0));
    expect(load.recent[0]).toMatchObject({ purpose: 'discovery', by: expect.stringMatching(/^run:/) });
    expect(load.recent.at(-1)).toMatchObject({ purpose: 'test', by: 'system:test', outcome: 'ok' });
    expect(load.top.some(({ rows: found }) => found > 0)).toBe(true);
    await app.call('DELETE', `/data-sources/${id}?force=true`);
    await admin.query(`drop role ${user}`);
  });

  it('is not shown of a source of another organization', async () => {
    expect(await app.call('GET', `/data-sources/${randomUUID()}/load`)).toMatchObject({ status: 404 });
  });
});

describeOn('mariadb', 'the load on MariaDB', () => {
  let admin: Connection;

  beforeAll(async () => {
    const { host, port, username: user, password } = await servers.mariadb();
    admin = await createConnection({ host, port, user, password });
    await admin.query("SET GLOBAL log_output = 'TABLE'");
    await admin.query('SET GLOBAL general_log = 1');
  });

  afterAll(async () => {
    await admin.query('SET GLOBAL general_log = 0');
    await admin.end();
  });

  it('is what the log of the server has seen, statement by statement', async () => {
    const { host, port } = await servers.mariadb();
    const user = `load_${randomUUID().slice(0, 8)}`;
    await admin.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'p-4c1f'`);
    await admin.query(`GRANT SELECT ON *.* TO ${user}@'%'`);
    const login = { username: user, password: 'p-4c1f' };
    const id = await create({ type: 'mariadb', host, port, ...login, tls: { mode: 'disable' } });
    await discover(id);
    const [rows] = await admin.query<RowDataPacket[]>(
      `SELECT CONVERT(argument USING utf8mb4) AS text FROM mysql.general_log
       WHERE user_host LIKE ? AND command_type IN ('Query', 'Execute')`,
      [`%${user}%`],
    );
    const seen: Record<string, number> = {};
    for (const { text } of rows as { text: string }[]) {
      const purpose = /^\/\* datawave:purpose=(\w+) \*\/ /.exec(text)?.[1] ?? `none: ${text}`;
      seen[purpose] = (seen[purpose] ?? 0) + 1;
    }
    const load = await loadOf(id);
    // The server does not log pings; the test makes one.
    const pings = load.top.filter(({ text }) => text === 'PING');
    expect(pings).toMatchObject([{ purpose: 'test', statements: 1 }]);
    expect(countsOf(load)).toEqual({ ...seen, test: (seen.test ?? 0) + 1 });
    await app.call('DELETE', `/data-sources/${id}?force=true`);
    await admin.query(`DROP USER ${user}`);
  });
});
