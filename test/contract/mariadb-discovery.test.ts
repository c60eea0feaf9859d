import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mariadb } from '../../src/connectors/drivers/mariadb.js';
import { connectLine } from '../../src/connectors/drivers/mysql/login.js';
import type { DiscoveryEvent, KnownState, Session } from '../../src/connectors/spi/index.js';
import { describeOn, servers, type TestServer } from '../support/servers.js';
import { until } from '../support/until.js';
import { anywhere, datasetsOf, discoverAll, EVERYTHING, faultOf, openSession } from './contract-source.js';
import { freshMysqlDatabase, type MysqlFixture } from './mysql-fixture.js';

const PLAIN = { mode: 'disable' } as const;

const TABLES = [
  'CREATE TABLE parents (id int PRIMARY KEY, code int, UNIQUE KEY (code))',
  'CREATE TABLE children (id int PRIMARY KEY, parent int, CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES parents (code))',
  ...Array.from({ length: 40 }, (_, at) => `CREATE TABLE t${String(at)} (id int PRIMARY KEY, a int)`),
  'CREATE VIEW v AS SELECT * FROM parents',
];

const twenty = Array.from({ length: 20 }, (_, at) => `t${String(at + 14)}`).sort();

describeOn('mariadb', 'discovery of MariaDB', () => {
  let server: TestServer;
  let fixture: MysqlFixture;
  let session: Session<'discover'>;

  beforeAll(async () => {
    server = await servers.mariadb();
    fixture = await freshMysqlDatabase(TABLES);
    session = await openAs(fixture.username, fixture.password, { database: fixture.database });
  });
  afterAll(async () => {
    await session.close();
    await fixture.drop();
  });

  const openAs = (username: string, password: string, more: object = {}) =>
    openSession(mariadb, {
      type: 'mariadb',
      host: server.host,
      port: server.port,
      username,
      password,
      tls: PLAIN,
      ...more,
    });

  /** What a snapshot would know after these events. */
  const known = (events: readonly DiscoveryEvent[], before?: KnownState): KnownState => {
    const token = events.find((event) => event.event === 'token')?.token;
    return {
      ...(token === undefined ? {} : { token }),
      async fingerprints(schema) {
        const names = new Map(before ? await before.fingerprints(schema) : []);
        for (const event of events)
          if (event.event === 'dataset') names.set(event.dataset.name, event.fingerprint ?? '');
        return names;
      },
    };
  };

  const changedIn = (events: readonly DiscoveryEvent[]): string[] =>
    [...datasetsOf(events).values()].map(({ name }) => name).sort();

  /** A table that was made within the last seconds is taken as changed each time: wait until none is so young. */
  const settled = () =>
    until(
      async () => {
        const [rows] = await fixture.admin.query(
          `SELECT COUNT(*) AS young FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${fixture.database}' AND CREATE_TIME >= NOW() - INTERVAL 3 SECOND`,
        );
        return (rows as { young: number }[])[0]?.young === 0;
      },
      'the tables are old enough',
      15_000,
    );

  describe('again, with what is known', () => {
    test('gives only what changed, whatever the change was', async () => {
      await settled();
      let state = known(await discoverAll(session));
      const { admin, database } = fixture;
      const again = async (): Promise<string[]> => {
        const events = await discoverAll(session, { ...EVERYTHING, since: { ...state, token: 'old' } });
        expect(events).toContainEqual({ event: 'scope_ended', scope: database, status: 'complete' });
        state = known(events, state);
        // A view has no time of its own: it is read each time.
        return changedIn(events).filter((name) => name !== 'v');
      };
      expect(await again()).toEqual([]);
      const rounds: [string[], string[]][] = [
        [
          [
            'ALTER TABLE t1 ADD COLUMN b int',
            'ALTER TABLE t2 ADD COLUMN b int, ALGORITHM=INSTANT',
            'CREATE INDEX i ON t3 (a)',
            "ALTER TABLE t4 COMMENT 'new'",
            "ALTER TABLE t5 MODIFY a int COMMENT 'new'",
            'ALTER TABLE t6 ALTER a SET DEFAULT 3',
            'ALTER TABLE t7 RENAME COLUMN a TO z',
            'ALTER TABLE t8 ADD CONSTRAINT c CHECK (a > 0)',
            'ALTER TABLE t9 ADD FOREIGN KEY (a) REFERENCES parents (id)',
            'ALTER TABLE t10 PARTITION BY HASH (id) PARTITIONS 3',
            'CREATE TABLE fresh (id int)',
            'RENAME TABLE t11 TO renamed',
            'DROP TABLE t12',
            'INSERT INTO t13 VALUES (1, 1)',
          ],
          ['fresh', 'renamed', 't1', 't10', 't2', 't3', 't4', 't5', 't6', 't7', 't8', 't9'],
        ],
        // These leave no mark on the child: its foreign key leads elsewhere all the same.
        [['ALTER TABLE parents RENAME COLUMN code TO number'], ['children', 'parents']],
        [['RENAME TABLE parents TO elders'], ['children', 'elders', 't9']],
        // More tables than are read one by one.
        [Array.from({ length: 20 }, (_, at) => `ALTER TABLE t${String(at + 14)} ADD COLUMN b int`), twenty],
      ];
      for (const [statements, names] of rounds) {
        for (const statement of statements) await admin.query(statement);
        expect(await again()).toEqual(names);
        await settled();
        // What was too young to be sure of is read once more.
        await again();
        expect(await again()).toEqual([]);
      }
    });

    test('says so at once where no command that changes anything was begun', async () => {
      let token: string | undefined;
      // Other suites use the server too: there is a token only in a quiet moment.
      await until(
        async () => {
          const events = await discoverAll(session);
          token = events.find((event) => event.event === 'token')?.token;
          if (token === undefined) return false;
          const since = { token, fingerprints: () => Promise.resolve(new Map<string, string>()) };
          const next = await discoverAll(session, { ...EVERYTHING, since });
          return next.length === 2 && next[0]?.event === 'source_unchanged';
        },
        'a quiet moment',
        30_000,
      );
      await fixture.admin.query('ALTER TABLE t20 ADD COLUMN q int');
      const since = { token: token ?? '', fingerprints: () => Promise.resolve(new Map<string, string>()) };
      const after = await discoverAll(session, { ...EVERYTHING, since });
      expect(after).not.toContainEqual({ event: 'source_unchanged' });
    });
  });

  test('without a database all that the account may see is found, and no system schema', async () => {
    const all = await openAs(fixture.username, fixture.password);
    const events = await discoverAll(all, { ...EVERYTHING, include: [`${fixture.database}.*`] });
    const scopes = (await discoverAll(all, { ...EVERYTHING, exclude: ['*'] })).flatMap((event) =>
      event.event === 'scope_started' ? [event.scope] : [],
    );
    await all.close();
    expect(datasetsOf(events).size).toBeGreaterThan(40);
    expect(scopes).toContain(fixture.database);
    expect(scopes).not.toContain('mysql');
    expect(scopes).not.toContain('information_schema');
  });

  test('a view of a table that is gone is found, and said to be unreadable', async () => {
    const { admin, database } = fixture;
    await admin.query('CREATE TABLE short_lived (id int)');
    await admin.query('CREATE VIEW broken AS SELECT * FROM short_lived');
    await admin.query('DROP TABLE short_lived');
    const events = await discoverAll(session);
    expect(datasetsOf(events).get(`${database}.broken`)).toMatchObject({
      kind: 'view',
      fields: [],
      properties: { unreadable: true },
    });
    expect(events).toContainEqual({ event: 'scope_ended', scope: database, status: 'complete' });
    await admin.query('DROP VIEW broken');
  });

  describe('an account', () => {
    test('without any right on its database is PERMISSION_DENIED, and the remedy mends it', async () => {
      const { admin, database } = fixture;
      const [username, password] = [`poor_${database}`, 'poor-password-1'];
      await admin.query(`CREATE USER ${username}@'%' IDENTIFIED BY '${password}'`);
      const connection = { database };
      const fault = await faultOf(openAs(username, password, connection));
      expect(fault.code).toBe('PERMISSION_DENIED');
      const remedy = mariadb.remedy?.('PERMISSION_DENIED', {
        type: 'mariadb',
        host: server.host,
        username,
        database,
      });
      await admin.query(remedy?.sql?.[0] ?? '');
      const opened = await openAs(username, password, connection);
      const found = datasetsOf(await discoverAll(opened));
      await opened.close();
      expect(found.get(`${database}.v`)?.definition).toMatch(/select/i);
      await admin.query(`DROP USER ${username}@'%'`);
    });

    test('that may see one table sees one table, and the schema is complete', async () => {
      const { admin, database } = fixture;
      const [username, password] = [`narrow_${database}`, 'narrow-password-1'];
      await admin.query(`CREATE USER ${username}@'%' IDENTIFIED BY '${password}'`);
      await admin.query(`GRANT SELECT ON ${database}.t30 TO ${username}@'%'`);
      const opened = await openAs(username, password, { database });
      const found = datasetsOf(await discoverAll(opened));
      await opened.close();
      expect([...found.keys()]).toEqual([`${database}.t30`]);
      await admin.query(`DROP USER ${username}@'%'`);
    });

    test('with no connection left is THROTTLED', async () => {
      const { admin, database } = fixture;
      const [username, password] = [`busy_${database}`, 'busy-password-1'];
      await admin.query(
        `CREATE USER ${username}@'%' IDENTIFIED BY '${password}' WITH MAX_USER_CONNECTIONS 1`,
      );
      const first = await openAs(username, password);
      const fault = await faultOf(openAs(username, password));
      await first.close();
      expect([fault.code, fault.retryable]).toEqual(['THROTTLED', true]);
      await admin.query(`DROP USER ${username}@'%'`);
    });

    test('that must use TLS and does not is TLS_FAILED or AUTH_FAILED, never let in', async () => {
      const { admin, database } = fixture;
      const [username, password] = [`tls_${database}`, 'tls-password-1'];
      await admin.query(`CREATE USER ${username}@'%' IDENTIFIED BY '${password}' REQUIRE SSL`);
      // MariaDB does not say why it refuses.
      expect((await faultOf(openAs(username, password))).code).toBe('AUTH_FAILED');
      const opened = await openAs(username, password, { tls: { ca: server.tls.ca } });
      await opened.close();
      await admin.query(`DROP USER ${username}@'%'`);
    });

    test('with ed25519 logs in by a signature', async () => {
      const { admin, database } = fixture;
      await admin.query("INSTALL SONAME 'auth_ed25519'").catch(() => undefined);
      const username = `ed_${database}`;
      for (const password of ['short', 'a password of some length, longer than a seed']) {
        await admin.query(`CREATE USER ${username}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('${password}')`);
        for (const tls of [PLAIN, { ca: server.tls.ca }]) {
          await (await openAs(username, password, { tls })).close();
          expect((await faultOf(openAs(username, `${password}x`, { tls }))).code).toBe('AUTH_FAILED');
        }
        await admin.query(`DROP USER ${username}@'%'`);
      }
    });

    test('with a client certificate logs in by it', async () => {
      const { admin, database } = fixture;
      const username = `cert_${database}`;
      await admin.query(`CREATE USER ${username}@'%' REQUIRE SUBJECT '/CN=test-client'`);
      const tls = {
        ca: server.tls.ca,
        client_cert: server.tls.client.cert,
        client_key: server.tls.client.key,
      };
      const opened = await openSession(mariadb, {
        type: 'mariadb',
        host: server.host,
        port: server.port,
        username,
        tls,
      });
      await opened.close();
      await admin.query(`DROP USER ${username}@'%'`);
    });
  });

  test('the session reads only, and the server ends a statement that runs too long', async () => {
    const { username, password, database } = fixture;
    const config = { host: server.host, port: server.port, username, password, database, tls: PLAIN };
    const line = await connectLine(config, { signal: AbortSignal.timeout(10_000), locate: anywhere });
    await expect(line.run('CREATE TABLE x (id int)')).rejects.toMatchObject({
      code: 'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
    });
    expect(await line.rows('SELECT @@max_statement_time > 0, @@time_zone')).toEqual([[1, '+00:00']]);
    await line.close();
  });
});
