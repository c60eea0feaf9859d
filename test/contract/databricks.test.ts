import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { databricks } from '../../src/connectors/drivers/databricks.js';
import {
  askedOf,
  failure,
  startDatabricks,
  WORKSPACE,
  type DatabricksDouble,
  type Lakehouse,
} from '../doubles/databricks.js';
import type { Reply } from '../doubles/http-api-server.js';
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

const column = (name: string, type: string, position: number, more: object = {}): object => ({
  name,
  type_text: type,
  type_name: type.toUpperCase(),
  position,
  nullable: true,
  ...more,
});

const LAKEHOUSE: Lakehouse = {
  catalogs: {
    main: {
      shop: [
        {
          name: 'orders',
          full_name: 'main.shop.orders',
          table_type: 'MANAGED',
          data_source_format: 'DELTA',
          comment: 'what was sold',
          properties: { 'spark.sql.statistics.numRows': '1200', 'delta.minReaderVersion': '1' },
          columns: [
            column('placed_at', 'timestamp', 2, { partition_index: 0 }),
            column('id', 'bigint', 0, {
              nullable: false,
              type_json:
                '{"name":"id","type":"long","nullable":false,"metadata":{"delta.identity.start":1,"delta.identity.allowExplicitInsert":false}}',
            }),
            column('customer', 'varchar(36)', 1, { comment: 'who bought' }),
            column('total', 'decimal(12,2)', 3, {
              type_json: '{"name":"total","metadata":{"CURRENT_DEFAULT":"0"}}',
            }),
            column('lines', 'array<struct<sku:string,`at:home`:struct<x:double,y:double>>>', 4),
            column('day', 'date', 5, {
              type_json: '{"name":"day","metadata":{"delta.generationExpression":"CAST(placed_at AS DATE)"}}',
            }),
            column('extra', 'map<string,variant>', 6, { type_json: 'broken' }),
          ],
        },
        {
          name: 'customers',
          full_name: 'main.shop.customers',
          table_type: 'EXTERNAL',
          storage_location: 's3://b/c',
          columns: [column('id', 'string', 0)],
        },
        {
          name: 'big_orders',
          table_type: 'VIEW',
          view_definition: 'SELECT id FROM orders WHERE total > 100',
          columns: [column('id', 'bigint', 0)],
        },
        {
          name: 'näme with space',
          full_name: 'main.shop.näme with space',
          table_type: 'MANAGED',
          columns: [column('a', 'interval day to second', 0)],
        },
        { name: 'elsewhere', table_type: 'FOREIGN', columns: [column('a', 'timestamp_ntz', 0)] },
      ],
      empty: [],
      information_schema: [{ name: 'tables', table_type: 'VIEW', columns: [column('a', 'string', 0)] }],
    },
    archive: { shop: [{ name: 'orders', table_type: 'STREAMING_TABLE', columns: [column('a', 'int', 0)] }] },
    system: { billing: [] },
  },
  constraints: {
    'main.shop.orders': [
      { primary_key_constraint: { name: 'orders_pk', child_columns: ['id'] } },
      {
        foreign_key_constraint: {
          name: 'orders_customer',
          child_columns: ['customer'],
          parent_table: 'main.shop.customers',
          parent_columns: ['id'],
        },
      },
      { named_table_constraint: { name: 'total_positive' } },
    ],
  },
};

const connectionOf = ({ token, network }: DatabricksDouble, changes: Connection = {}): Connection => ({
  type: 'databricks',
  workspace: WORKSPACE,
  access_token: token,
  tls: { ca: network.tls.ca },
  ...changes,
});

async function setUp(): Promise<ContractSource> {
  const double = await startDatabricks(LAKEHOUSE);
  return {
    connection: connectionOf(double, { catalog: 'main' }),
    network: {
      ...double.network,
      wrongPassword: { access_token: `dapi${randomBytes(16).toString('hex')}` },
      wrongDatabase: { catalog: 'no_such_catalog' },
    },
    scopes: ['shop', 'empty'],
    datasets: ['orders', 'customers', 'big_orders', 'näme with space', 'elsewhere'].map(
      (name) => `shop.${name}`,
    ),
    filter: { include: ['shop.*o*'], exclude: ['*.big?orders'], leaves: ['shop.orders', 'shop.customers'] },
    check(found) {
      expect(found.get('shop.orders')).toEqual({
        schema: 'shop',
        name: 'orders',
        kind: 'partitioned_table',
        comment: 'what was sold',
        partitioning: '(placed_at)',
        row_estimate: 1_200,
        properties: { table_type: 'MANAGED', format: 'DELTA' },
        primary_key: { name: 'orders_pk', columns: ['id'] },
        unique_keys: [],
        checks: [],
        indexes: [],
        foreign_keys: [
          {
            name: 'orders_customer',
            columns: ['customer'],
            references: { schema: 'shop', dataset: 'customers', columns: ['id'] },
          },
        ],
        fields: [
          {
            name: 'id',
            ordinal: 1,
            native_type: 'bigint',
            type: 'integer',
            nullable: false,
            identity: 'always',
          },
          {
            name: 'customer',
            ordinal: 2,
            native_type: 'varchar(36)',
            type: 'string',
            nullable: true,
            max_length: 36,
            comment: 'who bought',
          },
          { name: 'placed_at', ordinal: 3, native_type: 'timestamp', type: 'timestamp_tz', nullable: true },
          {
            name: 'total',
            ordinal: 4,
            native_type: 'decimal(12,2)',
            type: 'decimal',
            nullable: true,
            precision: 12,
            scale: 2,
            default: '0',
          },
          {
            name: 'lines',
            ordinal: 5,
            native_type: 'array<struct<sku:string,`at:home`:struct<x:double,y:double>>>',
            type: 'array',
            nullable: true,
            fields: [
              { name: 'sku', ordinal: 1, native_type: 'string', type: 'string', nullable: true },
              {
                name: 'at:home',
                ordinal: 2,
                native_type: 'struct<x:double,y:double>',
                type: 'object',
                nullable: true,
                fields: [
                  { name: 'x', ordinal: 1, native_type: 'double', type: 'float', nullable: true },
                  { name: 'y', ordinal: 2, native_type: 'double', type: 'float', nullable: true },
                ],
              },
            ],
          },
          {
            name: 'day',
            ordinal: 6,
            native_type: 'date',
            type: 'date',
            nullable: true,
            generated: 'CAST(placed_at AS DATE)',
          },
          { name: 'extra', ordinal: 7, native_type: 'map<string,variant>', type: 'map', nullable: true },
        ],
      });
      expect(found.get('shop.big_orders')).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('SELECT id') as unknown,
      });
      expect(found.get('shop.customers')).toMatchObject({
        kind: 'table',
        properties: { location: 's3://b/c' },
      });
      expect(found.get('shop.elsewhere')).toMatchObject({
        kind: 'foreign_table',
        fields: [{ type: 'timestamp' }],
      });
    },
    tearDown: () => double.stop(),
  };
}

describeConnector(databricks, {
  double:
    "the lists of Unity Catalog's REST interface and the token server of a workspace, which check tokens and secrets",
  stateless: true,
  unproven: { 'the service itself': 'No Databricks was asked: that it answers as documented is not shown.' },
  setUp,
});

describe('databricks beyond the contract', () => {
  let double: DatabricksDouble;
  let meddle: (path: string) => Reply | undefined = () => undefined;
  beforeAll(async () => {
    double = await startDatabricks(LAKEHOUSE, (path) => meddle(path));
    remember(double.token, double.clientSecret);
  });
  afterAll(() => double.stop());

  const open = (changes: Connection = {}) =>
    openSession(databricks, connectionOf(double, changes), { address: double.network.address });
  const asked = async (work: () => Promise<unknown>): Promise<string[]> => {
    const from = double.seen.length;
    await work();
    return askedOf(double.seen.slice(from));
  };
  /** The connection of a service principal in place of the token. */
  const principal = (secret: string): Connection => {
    const own = Object.entries(connectionOf(double)).filter(([name]) => name !== 'access_token');
    return { ...Object.fromEntries(own), client_id: double.clientId, client_secret: secret };
  };

  test('gets its token by the client secret of a service principal, once', async () => {
    const session = await openSession(databricks, principal(double.clientSecret), {
      address: double.network.address,
    });
    const paths = await asked(() => session.ping(AbortSignal.timeout(5_000)));
    await session.close();
    expect(paths).toEqual(['/catalogs']);
  });

  test('a wrong client secret is AUTH_FAILED, and nothing else is asked', async () => {
    const wrong = `dose${randomBytes(16).toString('hex')}`;
    remember(wrong);
    const paths = await asked(async () => {
      const fault = await faultOf(
        openSession(databricks, principal(wrong), { address: double.network.address }),
      );
      expect(fault.code).toBe('AUTH_FAILED');
    });
    expect(paths).toEqual(['/oidc/v1/token']);
  });

  test.each([
    [401, 'UNAUTHENTICATED', 'AUTH_FAILED'],
    [403, 'PERMISSION_DENIED', 'PERMISSION_DENIED'],
    [404, 'METASTORE_DOES_NOT_EXIST', 'DATABASE_NOT_FOUND'],
    [429, 'REQUEST_LIMIT_EXCEEDED', 'THROTTLED'],
    [500, 'constructor', 'QUERY_FAILED'],
    [503, 'TEMPORARILY_UNAVAILABLE', 'THROTTLED'],
  ])('tells %i %s by its code', async (status, name, code) => {
    meddle = () => failure(status, name);
    const fault = await faultOf(open());
    meddle = () => undefined;
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('for people');
  });

  test('follows no redirect, and sends its token nowhere else', async () => {
    meddle = () => ({ status: 302, headers: { location: '/login.html' } });
    const paths = await asked(async () => expect((await faultOf(open())).code).toBe('PROTOCOL'));
    meddle = () => undefined;
    expect(paths).toEqual(['/catalogs']);
  });

  test('without a catalog discovers all but the system ones; one that is closed fails alone', async () => {
    const session = await open();
    expect([...datasetsOf(await discoverAll(session)).keys()]).toEqual([
      'archive.shop.orders',
      ...['orders', 'customers', 'big_orders', 'näme with space', 'elsewhere'].map(
        (name) => `main.shop.${name}`,
      ),
    ]);
    let listings = 0;
    // The schemas of the first catalog in the order of names.
    meddle = (path) =>
      path === '/schemas' && listings++ === 0 ? failure(403, 'PERMISSION_DENIED') : undefined;
    const events = await discoverAll(session);
    meddle = () => undefined;
    expect(events.filter((event) => event.event === 'scope_ended')).toEqual([
      expect.objectContaining({ scope: 'archive', status: 'failed', code: 'PERMISSION_DENIED' }),
      expect.objectContaining({ scope: 'main.empty', status: 'complete' }),
      expect.objectContaining({ scope: 'main.shop', status: 'complete' }),
    ]);
    await session.close();
  });

  test('asks for what the filter leaves', async () => {
    const session = await open({ catalog: 'main' });
    const paths = await asked(() => discoverAll(session, { ...EVERYTHING, include: ['shop.orders'] }));
    await session.close();
    // Pages of the list, and the keys of the one table.
    expect(paths.filter((path) => path !== '/schemas' && path !== '/tables')).toEqual([
      '/tables/main.shop.orders',
    ]);
  });

  test.each([
    ['/access_token', { client_id: 'a' }],
    ['/client_id', { access_token: undefined, client_secret: 's' }],
    ['/workspace', { workspace: 'databricks.com.example.com' }],
    ['/workspace', { workspace: 'https://dbc-test.cloud.databricks.com' }],
    ['/workspace', { workspace: '169.254.169.254' }],
    ['/host', { host: '127.0.0.1' }],
    ['/oauth_token_url', { oauth_token_url: 'http://127.0.0.1' }],
  ])('refuses %s of %j', async (pointer, changes) => {
    const connection = JSON.parse(JSON.stringify(connectionOf(double, changes))) as Connection;
    const fault = await faultOf(openSession(databricks, connection, { address: double.network.address }));
    expect(fault.details.errors?.map((error) => error.pointer)).toEqual([`/connection${pointer}`]);
  });

  test('uses no credentials of its surroundings', async () => {
    const connection = { type: 'databricks', workspace: WORKSPACE };
    const opened = openSession(databricks, connection, { address: double.network.address });
    expect((await faultOf(opened)).code).toBe('AMBIENT_CREDENTIALS_FORBIDDEN');
  });
});
