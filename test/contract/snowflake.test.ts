import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { snowflake } from '../../src/connectors/drivers/snowflake.js';
import type { Reply, SeenRequest } from '../doubles/http-api-server.js';
import {
  ACCOUNT,
  failure,
  makeKeyPair,
  startSnowflake,
  statementsOf,
  USER,
  type Show,
  type SnowflakeDouble,
} from '../doubles/snowflake.js';
import {
  datasetsOf,
  discoverAll,
  EVERYTHING,
  faultOf,
  openSession,
  remember,
  type Connection,
} from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';
import { showAccount, showWide } from './snowflake-account.js';

const connectionOf = (
  { network }: SnowflakeDouble,
  login: Connection,
  changes: Connection = {},
): Connection => ({ type: 'snowflake', account: ACCOUNT, ...login, tls: { ca: network.tls.ca }, ...changes });

/** A key pair's login; every line of the key is a canary. */
function keyLogin(privateKey: string): Connection {
  remember(...privateKey.split('\n').slice(1, -2));
  return { username: USER.toLowerCase(), private_key: privateKey };
}

async function setUp(): Promise<ContractSource> {
  const double = await startSnowflake(showAccount);
  return {
    connection: connectionOf(double, keyLogin(double.privateKey), { database: 'shop', role: 'READER' }),
    network: {
      ...double.network,
      wrongPassword: keyLogin(makeKeyPair().privateKey),
      wrongDatabase: { database: 'no_such_database' },
    },
    scopes: ['SALES', 'EMPTY'],
    datasets: ['ORDERS', 'CUSTOMERS', 'odd "näme', 'BIG_ORDERS', 'PER_DAY'].map((name) => `SALES.${name}`),
    filter: {
      include: ['SALES.*O*'],
      exclude: ['*.BIG?ORDERS'],
      leaves: ['SALES.ORDERS', 'SALES.CUSTOMERS'],
    },
    check(found) {
      expect(found.get('SALES.ORDERS')).toEqual({
        schema: 'SALES',
        name: 'ORDERS',
        kind: 'table',
        comment: 'what was sold',
        row_estimate: 1_200,
        size_bytes: 98_304,
        properties: { clustering: 'LINEAR(PLACED_AT)' },
        primary_key: { name: 'ORDERS_PK', columns: ['ID'] },
        unique_keys: [{ name: 'ORDERS_ONCE', columns: ['CUSTOMER', 'PLACED_AT'] }],
        foreign_keys: [
          {
            name: 'ORDERS_CUSTOMER',
            columns: ['CUSTOMER'],
            references: { schema: 'SALES', dataset: 'CUSTOMERS', columns: ['ID'] },
            on_update: 'NO ACTION',
            on_delete: 'NO ACTION',
          },
        ],
        checks: [],
        indexes: [],
        fields: [
          {
            name: 'ID',
            ordinal: 1,
            native_type: 'NUMBER(38,0)',
            type: 'integer',
            nullable: false,
            identity: 'by_default',
          },
          {
            name: 'CUSTOMER',
            ordinal: 2,
            native_type: 'VARCHAR(36)',
            type: 'string',
            nullable: true,
            max_length: 36,
            comment: 'who bought',
          },
          {
            name: 'TOTAL',
            ordinal: 3,
            native_type: 'NUMBER(12,2)',
            type: 'decimal',
            nullable: true,
            precision: 12,
            scale: 2,
            default: '0.00',
          },
          {
            name: 'PLACED_AT',
            ordinal: 4,
            native_type: 'TIMESTAMP_TZ(9)',
            type: 'timestamp_tz',
            nullable: true,
          },
          { name: 'LINES', ordinal: 5, native_type: 'ARRAY', type: 'array', nullable: true },
        ],
      });
      expect(found.get('SALES.CUSTOMERS')).toMatchObject({ properties: { table_kind: 'TRANSIENT' } });
      const external = found.get('SALES.odd "näme');
      expect(external).toMatchObject({
        kind: 'foreign_table',
        fields: [{ type: 'json' }, { generated: 'TO_DATE(METADATA$FILENAME)' }],
      });
      expect(external).not.toHaveProperty('row_estimate');
      expect(found.get('SALES.BIG_ORDERS')).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('select ID') as unknown,
      });
      expect(found.get('SALES.PER_DAY')?.kind).toBe('materialized_view');
    },
    tearDown: () => double.stop(),
  };
}

describeConnector(snowflake, {
  double:
    'the SQL API for SHOW, which checks the signature and the claims of the token and packs its partitions',
  stateless: true,
  unproven: {
    'the service itself':
      'No Snowflake was asked: that SHOW answers as documented, without a warehouse, is not shown.',
  },
  setUp,
});

describe('snowflake beyond the contract', () => {
  let double: SnowflakeDouble;
  let show: Show = showAccount;
  let meddle: (request: SeenRequest) => Reply | undefined = () => undefined;
  beforeAll(async () => {
    double = await startSnowflake(
      (statement) => show(statement),
      (request) => meddle(request),
    );
    remember(double.accessToken, double.oauthToken);
  });
  afterAll(() => double.stop());

  const open = (login: Connection = { access_token: double.accessToken }, changes: Connection = {}) =>
    openSession(snowflake, connectionOf(double, login, changes), { address: double.network.address });
  const sent = async (work: () => Promise<unknown>): Promise<string[]> => {
    const from = double.seen.length;
    await work();
    return statementsOf(double.seen.slice(from));
  };

  test('takes a programmatic access token, a token of OAuth, and a key with a passphrase', async () => {
    const [cipher, passphrase] = ['aes-256-cbc', randomBytes(8).toString('hex')];
    remember(passphrase);
    const encrypted = createPrivateKey(double.privateKey)
      .export({ type: 'pkcs8', format: 'pem', cipher, passphrase })
      .toString();
    for (const login of [
      { access_token: double.accessToken },
      { oauth_token: double.oauthToken },
      { username: USER, private_key: encrypted, private_key_passphrase: passphrase },
    ])
      await (await open(login)).close();
    const fault = await faultOf(open({ oauth_token: double.accessToken }));
    expect(fault.code).toBe('AUTH_FAILED');
  });

  test.each([
    [401, '390144', 'AUTH_FAILED'],
    [403, '390422', 'PERMISSION_DENIED'],
    [404, '000000', 'DATABASE_NOT_FOUND'],
    [408, '000630', 'TIMEOUT'],
    [422, '003001', 'PERMISSION_DENIED'],
    [422, '001003', 'QUERY_FAILED'],
    [429, '390429', 'THROTTLED'],
    [503, 'nonsense', 'THROTTLED'],
  ])('tells %i %s by its code', async (status, number, code) => {
    meddle = () => failure(status, number);
    const fault = await faultOf(open());
    meddle = () => undefined;
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('for people');
  });

  test('follows no redirect, and no address in an answer', async () => {
    meddle = () => ({ status: 307, headers: { location: 'https://elsewhere.example.com/' } });
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    meddle = () => ({ status: 202, body: { statementHandle: '../../elsewhere' } });
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    meddle = () => undefined;
  });

  test('sends nothing but SHOW, for what the filter leaves', async () => {
    const session = await open();
    expect(await sent(() => session.ping(AbortSignal.timeout(5_000)))).toEqual(['SHOW DATABASES LIMIT 1']);
    const none = await sent(() => discoverAll(session, { ...EVERYTHING, include: ['SHOP.∅.∅'] }));
    expect(none.every((statement) => /^SHOW (DATABASES|SCHEMAS) /.test(statement))).toBe(true);
    const all = await sent(() => discoverAll(session));
    expect(all.every((statement) => statement.startsWith('SHOW '))).toBe(true);
    expect(all.filter((statement) => statement.includes('"SALES"'))).toHaveLength(6);
    await session.close();
  });

  test('without a database discovers all but the system ones; one that was withdrawn fails alone', async () => {
    const session = await open();
    const events = await discoverAll(session);
    await session.close();
    expect(events.filter((event) => event.event === 'scope_ended')).toEqual([
      { event: 'scope_ended', scope: 'SHOP.EMPTY', status: 'complete' },
      { event: 'scope_ended', scope: 'SHOP.SALES', status: 'complete' },
      expect.objectContaining({ scope: 'WITHDRAWN', status: 'failed', code: 'DATABASE_NOT_FOUND' }),
    ]);
    const orders = datasetsOf(events).get('SHOP.SALES.ORDERS');
    expect(orders?.foreign_keys?.[0]?.references.schema).toBe('SHOP.SALES');
  });

  test('asks table by table where a schema has more columns than one SHOW tells', async () => {
    const session = await open(undefined, { database: 'shop' });
    const expected = datasetsOf(await discoverAll(session));
    show = showWide;
    const found = datasetsOf(await discoverAll(session));
    show = showAccount;
    await session.close();
    expect(found).toEqual(expected);
    expect(found.get('SALES.ORDERS')?.fields).toHaveLength(5);
  });

  test.each([
    ['/account', { account: 'evil.example.com/x' }],
    ['/account', { account: 'evil/#' }],
    ['/account', { account: 'user@evil' }],
    ['/account', { account: 'x.snowflakecomputing.com' }],
    ['/oauth_token', { oauth_token: 'a.b.c' }],
    ['/username', { access_token: undefined, private_key: makeKeyPair().privateKey }],
    ['/private_key', { access_token: undefined, username: 'u', private_key: otherKey() }],
    ['/private_key', { access_token: undefined, username: 'u', private_key: '/etc/passwd' }],
    ['/private_key_path', { private_key_path: '/etc/passwd' }],
    ['/authenticator', { authenticator: 'EXTERNALBROWSER' }],
    ['/host', { host: '127.0.0.1' }],
    ['/accessUrl', { accessUrl: 'http://127.0.0.1' }],
    ['/proxyHost', { proxyHost: '169.254.169.254' }],
    ['/oauth_token_request_url', { oauth_token_request_url: 'http://127.0.0.1' }],
  ])('refuses %s', async (pointer, changes) => {
    const from = double.seen.length;
    const connection = connectionOf(double, { access_token: double.accessToken }, changes);
    const plain = JSON.parse(JSON.stringify(connection)) as Connection;
    const fault = await faultOf(openSession(snowflake, plain, { address: double.network.address }));
    expect(fault.details.errors?.map((error) => error.pointer)).toEqual([`/connection${pointer}`]);
    expect(double.seen.length).toBe(from);
  });

  test('uses no credentials of its surroundings', async () => {
    expect((await faultOf(open({ username: USER }))).code).toBe('AMBIENT_CREDENTIALS_FORBIDDEN');
  });
});

/** A key that is none of RSA. */
function otherKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
