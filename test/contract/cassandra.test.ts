import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cassandra } from '../../src/connectors/drivers/cassandra.js';
import type { Session } from '../../src/connectors/spi/index.js';
import type { TestServer } from '../servers/server-types.js';
import { describeOn, servers } from '../support/servers.js';
import { until } from '../support/until.js';
import { makeKeyspace, type CassandraFixture } from './cassandra-fixture.js';
import { datasetsOf, discoverAll, EVERYTHING, faultOf, openSession, remember } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

async function setUp(): Promise<ContractSource> {
  const server = await servers.cassandra();
  const { host, port } = server;
  const name = `t_${randomBytes(4).toString('hex')}`;
  const fixture = await makeKeyspace(server, name, [
    'CREATE TYPE KS.place (city text, zip text)',
    'CREATE TYPE KS.contact (mail text, home frozen<place>)',
    `CREATE TABLE KS.orders (
      tenant text, "Day" date, placed timestamp, id timeuuid, total decimal, tags set<text>, prices map<text, double>,
      contacts list<frozen<contact>>, spot frozen<place>, pair tuple<int, text>, embedding vector<float, 3>, ip inet,
      region text static, lasts duration, raw blob, done boolean,
      PRIMARY KEY ((tenant, "Day"), placed, id)
    ) WITH CLUSTERING ORDER BY (placed DESC, id ASC) AND comment = 'What was bought'
      AND default_time_to_live = 86400 AND gc_grace_seconds = 3600
      AND compaction = {'class': 'LeveledCompactionStrategy'}`,
    "CREATE INDEX by_total ON KS.orders (total) USING 'sai'",
    'CREATE INDEX by_price ON KS.orders (keys(prices))',
    'CREATE TABLE KS.hits (page text PRIMARY KEY, count counter)',
    `CREATE MATERIALIZED VIEW KS.orders_by_id AS SELECT id, tenant, "Day", placed, total FROM KS.orders
      WHERE id IS NOT NULL AND tenant IS NOT NULL AND "Day" IS NOT NULL AND placed IS NOT NULL
      PRIMARY KEY (id, tenant, "Day", placed)`,
    ...Array.from({ length: 12 }, (_, at) => `CREATE TABLE KS.filler_${String(at)} (id int PRIMARY KEY)`),
  ]);
  const { username, password } = fixture;
  const connection = { type: 'cassandra', host: 'localhost', port, username, password, keyspace: name };
  return {
    connection: { ...connection, tls: { mode: 'disable' } },
    network: {
      address: { host, port },
      wrongPassword: { password: `wrong-${randomBytes(8).toString('hex')}` },
      wrongDatabase: { keyspace: `${name}_none` },
      tls: { address: { host, port }, ca: server.tls.ca, otherCa: server.tls.otherCa },
    },
    scopes: [name],
    datasets: ['orders', 'hits', 'orders_by_id', 'filler_0', 'filler_11'].map((table) => `${name}.${table}`),
    filter: {
      include: [`${name}.filler_1?`, '*.orders*'],
      exclude: ['*_by_*', '*.filler_10'],
      leaves: [`${name}.orders`, `${name}.filler_11`],
    },
    check(found) {
      const orders = found.get(`${name}.orders`);
      const place = [
        { name: 'city', ordinal: 1, native_type: 'text', type: 'string', nullable: true },
        { name: 'zip', ordinal: 2, native_type: 'text', type: 'string', nullable: true },
      ];
      expect(orders).toMatchObject({
        kind: 'table',
        comment: 'What was bought',
        primary_key: { name: 'PRIMARY KEY', columns: ['tenant', 'Day', 'placed', 'id'] },
        properties: {
          partition_key: ['tenant', 'Day'],
          clustering_key: ['placed DESC', 'id ASC'],
          static_columns: ['region'],
          compaction: 'LeveledCompactionStrategy',
          compression: 'LZ4Compressor',
          default_ttl_s: 86_400,
          gc_grace_s: 3_600,
          row_estimate_counts: 'partitions',
        },
      });
      expect(orders?.indexes).toEqual([
        { name: 'by_price', columns: ['keys(prices)'], unique: false, method: 'secondary' },
        { name: 'by_total', columns: ['total'], unique: false, method: 'sai' },
      ]);
      expect(
        orders?.fields.map((field) => [field.name, field.native_type, field.type, field.nullable]),
      ).toEqual([
        ['tenant', 'text', 'string', false],
        ['Day', 'date', 'date', false],
        ['placed', 'timestamp', 'timestamp_tz', false],
        ['id', 'timeuuid', 'uuid', false],
        ['region', 'text', 'string', true],
        ['contacts', 'list<frozen<contact>>', 'array', true],
        ['done', 'boolean', 'boolean', true],
        ['embedding', 'vector<float, 3>', 'array', true],
        ['ip', 'inet', 'network', true],
        ['lasts', 'duration', 'interval', true],
        ['pair', 'frozen<tuple<int, text>>', 'array', true],
        ['prices', 'map<text, double>', 'map', true],
        ['raw', 'blob', 'binary', true],
        ['spot', 'frozen<place>', 'object', true],
        ['tags', 'set<text>', 'array', true],
        ['total', 'decimal', 'decimal', true],
      ]);
      const inner = new Map(orders?.fields.map((field) => [field.name, field.fields]));
      expect(inner.get('spot')).toEqual(place);
      expect(inner.get('contacts')).toMatchObject([
        { name: 'mail', type: 'string' },
        { name: 'home', native_type: 'frozen<place>', type: 'object', fields: place },
      ]);
      expect(found.get(`${name}.hits`)).toMatchObject({
        fields: [{ name: 'page' }, { name: 'count', native_type: 'counter', type: 'integer' }],
        properties: { partition_key: ['page'], clustering_key: [], counter_table: true },
      });
      expect(found.get(`${name}.orders_by_id`)).toMatchObject({
        kind: 'materialized_view',
        primary_key: { columns: ['id', 'tenant', 'Day', 'placed'] },
        definition: `SELECT "id", "tenant", "Day", "placed", "total" FROM "orders" WHERE id IS NOT NULL AND tenant IS NOT NULL AND "Day" IS NOT NULL AND placed IS NOT NULL`,
        properties: { base_table: 'orders' },
      });
    },
    tearDown: () => fixture.drop(),
  };
}

describeConnector(cassandra, { server: 'cassandra', setUp });

const NASTY = ['Ta"ble', "O'Brien", 'größe', '表', 'drop table x; --', 'a.b', ' ', '%_\\', 'x'.repeat(40)];

describeOn('cassandra', 'a Cassandra cluster', () => {
  let server: TestServer | undefined;
  let fixture: CassandraFixture | undefined;
  const atHand = (): { server: TestServer; fixture: CassandraFixture } => {
    if (!server || !fixture) throw new Error('The keyspace was not made.');
    return { server, fixture };
  };
  const open = (changes: Record<string, unknown> = {}): Promise<Session<'discover'>> => {
    const { username, password } = atHand().fixture;
    const { host, port } = atHand().server;
    const connection = { type: 'cassandra', host, port, username, password, tls: { mode: 'disable' } };
    return openSession(cassandra, { ...connection, ...changes });
  };

  beforeAll(async () => {
    server = await servers.cassandra();
    const columns = NASTY.map((name) => `"${name.replaceAll('"', '""')}" int`).join(', ');
    fixture = await makeKeyspace(server, `Shop_${randomBytes(4).toString('hex')}`, [
      `CREATE TYPE KS."My ""Type" ("The ""Field" int, "größe" text)`,
      `CREATE TABLE KS."Table" ("Key ""1""" int, ${columns}, "Own" frozen<"My ""Type">,
        PRIMARY KEY ("Key ""1""")) WITH comment = 'It''s "größe" 表'`,
      `CREATE INDEX "Index" ON KS."Table" ("größe")`,
    ]);
    remember(fixture.password);
  });
  afterAll(() => fixture?.drop());

  test('gives names as they are, whatever characters are in them', async () => {
    const { keyspace } = atHand().fixture;
    const session = await open({ keyspace });
    const found = datasetsOf(await discoverAll(session));
    await session.close();
    const table = found.get(`${keyspace}.Table`);
    expect(table).toMatchObject({
      comment: 'It\'s "größe" 表',
      primary_key: { columns: ['Key "1"'] },
      indexes: [{ name: 'Index', columns: ['größe'] }],
    });
    const fields = new Map(table?.fields.map((field) => [field.name, field]));
    expect([...fields.keys()].sort()).toEqual([...NASTY, 'Key "1"', 'Own'].sort());
    expect(fields.get('Own')?.fields).toMatchObject([{ name: 'The "Field' }, { name: 'größe' }]);
  });

  test('without a keyspace gives all but those of the server itself', async () => {
    const session = await open();
    const events = await discoverAll(session);
    await session.close();
    const scopes = events.flatMap((event) => (event.event === 'scope_started' ? [event.scope] : []));
    expect(scopes).toContain(atHand().fixture.keyspace);
    expect(scopes.filter((name) => name.startsWith('system'))).toEqual([]);
  });

  test('is not read again where nothing has changed, and is where something has', async () => {
    const { fixture: made } = atHand();
    const session = await open({ keyspace: made.keyspace });
    const token = async (since?: string) => {
      const known =
        since === undefined
          ? {}
          : { since: { token: since, fingerprints: () => Promise.reject(new Error()) } };
      const events = await discoverAll(session, { ...EVERYTHING, ...known });
      const given = events.find((event) => event.event === 'token');
      return { token: given?.token, unchanged: events.some(({ event }) => event === 'source_unchanged') };
    };
    const first = await token();
    expect(await token(first.token)).toEqual({ token: first.token, unchanged: true });
    await made.run(`ALTER TABLE KS."Table" WITH comment = 'another'`);
    const later = await token(first.token);
    expect(later.unchanged).toBe(false);
    expect(later.token).not.toBe(first.token);
    await session.close();
  });

  const ROWS = 512;
  test('tells how many partitions there are to a role that may read it, and only then', async () => {
    const { fixture: made } = atHand();
    const estimate = async () => {
      const session = await open({ keyspace: made.keyspace });
      const found = datasetsOf(await discoverAll(session, { ...EVERYTHING, include: ['*.counted'] }));
      await session.close();
      return found.get(`${made.keyspace}.counted`);
    };
    await made.run(
      'CREATE TABLE KS.counted (id int PRIMARY KEY, note text)',
      ...Array.from(
        { length: ROWS },
        (_, at) => `INSERT INTO KS.counted (id, note) VALUES (${String(at)}, 'n')`,
      ),
      // An index that is built writes the rows of its table to disk, and only those are estimated.
      'CREATE INDEX ON KS.counted (note)',
    );
    expect(await estimate()).not.toHaveProperty('row_estimate');
    const { sql = [] } = cassandra.remedy?.('PERMISSION_DENIED', { username: made.username } as never) ?? {};
    await made.run(...sql);
    // The server estimates for the first time half a minute after its start, and counts by the marks of its index: one for
    // 128 partitions.
    await until(async () => (await estimate())?.row_estimate !== undefined, 'the rows are estimated', 90_000);
    const { row_estimate: rows = 0, size_bytes: bytes } = (await estimate()) ?? {};
    expect(Math.abs(rows - ROWS)).toBeLessThanOrEqual(128);
    expect(bytes).toBeGreaterThan(ROWS);
  }, 150_000);

  test('lets a role in by the statements that its fault names', async () => {
    const { fixture: made } = atHand();
    const role = { username: `New "role" ${randomBytes(4).toString('hex')}`, password: 'a-password' };
    expect((await faultOf(open(role))).code).toBe('AUTH_FAILED');
    const { sql = [] } = cassandra.remedy?.('AUTH_FAILED', role as never) ?? {};
    await made.run(...sql.map((statement) => statement.replace('<password>', role.password)));
    await (await open(role)).close();
    await made.run(`DROP ROLE "${role.username.replaceAll('"', '""')}"`);
  });

  test('names its keyspaces by the statements of a wrong one', async () => {
    const { sql = [] } = cassandra.remedy?.('DATABASE_NOT_FOUND', { keyspace: "It's" } as never) ?? {};
    expect(sql).toHaveLength(2);
    await atHand().fixture.run(...sql);
  });
});
