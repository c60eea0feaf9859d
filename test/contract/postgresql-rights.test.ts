import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PgLine } from '../../src/connectors/drivers/postgresql/line.js';
import { connectLine } from '../../src/connectors/drivers/postgresql/login.js';
import type { PostgresqlConfig } from '../../src/connectors/drivers/postgresql/spec.js';
import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { makeDatabase, type TestDatabase } from '../support/postgresql-database.js';
import { describeOn, servers } from '../support/servers.js';
import { until } from '../support/until.js';
import { anywhere, datasetsOf, discoverAll, faultOf, openSession } from './contract-source.js';

describeOn('postgres', 'rights, locks and limits on postgresql', () => {
  let database: TestDatabase;
  const open = () => openSession(postgresql, database.connection);

  beforeAll(async () => {
    database = await makeDatabase(await servers.postgres());
    await database.run(
      'create schema closed; create table closed.secrets (id int primary key check (id > 0), word text)',
      'create schema open; create table open.a (id int check (id > 1)); create table open.b (id int check (id > 2))',
      'revoke all on schema closed from public',
    );
  });

  afterAll(async () => {
    await database.drop();
  });

  test('a schema that the login may not use is read all the same: the catalog is open', async () => {
    const session = await open();
    const events = await discoverAll(session);
    await session.close();
    expect(datasetsOf(events).get('closed.secrets')).toMatchObject({
      fields: [{ name: 'id' }, { name: 'word' }],
      checks: [{ expression: '(id > 0)' }],
    });
    expect(events).toContainEqual({ event: 'scope_ended', scope: 'closed', status: 'complete' });
  });

  test('a catalog that the login may not read is PERMISSION_DENIED, not an empty one', async () => {
    await database.run('revoke select on pg_catalog.pg_constraint from public');
    const session = await open();
    expect((await faultOf(discoverAll(session))).code).toBe('PERMISSION_DENIED');
    // The session itself lives on.
    await database.run('grant select on pg_catalog.pg_constraint to public');
    expect(datasetsOf(await discoverAll(session)).size).toBe(3);
    await session.close();
  });

  test('a database that the login may not enter is PERMISSION_DENIED, with the statement that mends it', async () => {
    await database.run(`revoke connect on database ${database.database} from public`);
    expect((await faultOf(open())).code).toBe('PERMISSION_DENIED');
    const config = database.connection as PostgresqlConfig;
    const remedy = postgresql.remedy?.('PERMISSION_DENIED', { ...config, type: 'postgresql' });
    await database.run(...(remedy?.sql ?? []));
    await (await open()).close();
    await database.run(`grant connect on database ${database.database} to public`);
  });

  test('a relation that is locked makes its scope partial; all others are found, and there is no token', async () => {
    const locker = await database.another();
    await locker.query('begin; lock table open.a in access exclusive mode');
    const session = await open();
    const events = await discoverAll(session);
    expect([...datasetsOf(events).keys()].sort()).toEqual(['closed.secrets', 'open.b']);
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'scope_ended', scope: 'open', status: 'partial', code: 'BUSY' }),
    );
    expect(events).toContainEqual({ event: 'scope_ended', scope: 'closed', status: 'complete' });
    expect(events.map(({ event }) => event)).not.toContain('token');
    await locker.query('rollback');
    expect(datasetsOf(await discoverAll(session)).size).toBe(3);
    await session.close();
    await locker.end();
  });

  test('locks here and there cost the relations that they hold, whatever page they are on', async () => {
    await database.run(
      'create schema many',
      `do $$ begin for i in 1..750 loop
         execute format('create table many.t%s (id int check (id > 0), unique (id))', i);
       end loop; end $$`,
    );
    const held = ['t1', 't199', 't200', 't500', 't501', 't750'];
    const locker = await database.another();
    await locker.query('begin');
    for (const name of held) await locker.query(`lock table many.${name} in access exclusive mode`);
    const session = await open();
    const events = await discoverAll(session, { include: ['many.*'], exclude: [], strategy: 'balanced' });
    const names = [...datasetsOf(events).values()].map(({ name }) => name);
    expect(names).toHaveLength(750 - held.length);
    expect(held.filter((name) => names.includes(name))).toEqual([]);
    expect(events.find(({ event }) => event === 'scope_ended')).toMatchObject({
      status: 'partial',
      code: 'BUSY',
    });
    await locker.query('rollback');
    const again = await discoverAll(session, { include: ['many.*'], exclude: [], strategy: 'balanced' });
    expect(datasetsOf(again).size).toBe(750);
    await session.close();
    await locker.end();
    await database.run('drop schema many cascade');
  });

  test('a login without a free connection is THROTTLED', async () => {
    await database.run(`alter role ${database.username} connection limit 1`);
    const session = await open();
    expect((await faultOf(open())).code).toBe('THROTTLED');
    await session.close();
    await database.run(`alter role ${database.username} connection limit -1`);
  });

  test('a session that the server ends is lost, and says so', async () => {
    const session = await open();
    await database.run(
      `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${database.username}'`,
    );
    await until(() => !session.usable, 'the session knows that it is lost');
    expect((await faultOf(session.ping(AbortSignal.timeout(1_000)))).code).toBe('UNREACHABLE');
    await session.close();
  });

  describe('what the session may do', () => {
    let line: PgLine;

    beforeAll(async () => {
      await database.run(
        'create function public.writes() returns int language sql as $$ insert into open.b values (9) returning id $$',
        'grant all on schema open to public; grant all on open.b to public',
      );
      const signal = AbortSignal.timeout(10_000);
      line = await connectLine(database.connection as PostgresqlConfig, { signal, locate: anywhere });
    });

    afterAll(async () => {
      await line.close();
    });

    test.each([
      'insert into open.b values (9)',
      'create table open.made (id int)',
      'select public.writes()',
      'begin; insert into open.b values (9); commit',
      'create temporary table t as select nextval(pg_get_serial_sequence(null, null))',
    ])('%s is refused: it is read-only', async (statement) => {
      await expect(line.run(statement)).rejects.toMatchObject({ code: '25006' });
      await line.run('rollback');
    });

    test('every wait has an end', async () => {
      const settings = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'];
      const [row] = await line.rows(
        `select ${settings.map((name) => `current_setting('${name}')`).join(', ')}`,
      );
      expect(row).toEqual(['1min', '2s', '2min']);
    });

    test('it says who it is, and asks for UTF-8', async () => {
      const [row] = await line.rows(
        `select current_setting('application_name'), current_setting('client_encoding')`,
      );
      expect(row).toEqual(['datawave', 'UTF8']);
    });
  });

  test('the account of the product lends no password, user or options', async () => {
    const { password, ...without } = database.connection;
    const ambient = { PGPASSWORD: String(password), PGOPTIONS: '-c default_transaction_read_only=off' };
    const before = Object.keys(ambient).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, ambient);
    try {
      expect((await faultOf(openSession(postgresql, without))).code).toBe('AUTH_FAILED');
      await (await open()).close();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
      }
    }
  });
});
