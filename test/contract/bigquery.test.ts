import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bigquery } from '../../src/connectors/drivers/bigquery.js';
import {
  askedOf,
  failure,
  makeKeyFile,
  PROJECT,
  startBigquery,
  type BigqueryDouble,
  type Warehouse,
} from '../doubles/bigquery.js';
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

const WAREHOUSE: Warehouse = {
  shop: {
    orders: {
      type: 'TABLE',
      description: 'what was sold',
      location: 'EU',
      numRows: '1200',
      numBytes: '98304',
      timePartitioning: { type: 'DAY', field: 'placed_at' },
      clustering: { fields: ['customer'] },
      tableConstraints: {
        primaryKey: { columns: ['id'] },
        foreignKeys: [
          {
            name: 'orders.fk$1',
            referencedTable: { projectId: PROJECT, datasetId: 'shop', tableId: 'customers' },
            columnReferences: [{ referencingColumn: 'customer', referencedColumn: 'id' }],
          },
        ],
      },
      schema: {
        fields: [
          { name: 'id', type: 'INTEGER', mode: 'REQUIRED' },
          { name: 'customer', type: 'STRING', maxLength: '36', description: 'who bought' },
          { name: 'total', type: 'NUMERIC', precision: '12', scale: '2', defaultValueExpression: '0' },
          { name: 'placed_at', type: 'TIMESTAMP' },
          {
            name: 'lines',
            type: 'RECORD',
            mode: 'REPEATED',
            fields: [
              { name: 'sku', type: 'STRING' },
              { name: 'at', type: 'GEOGRAPHY' },
            ],
          },
        ],
      },
    },
    customers: {
      type: 'TABLE',
      numRows: '3',
      schema: { fields: [{ name: 'id', type: 'STRING', mode: 'REQUIRED' }] },
    },
    'näme with space': { type: 'TABLE', schema: { fields: [{ name: 'a', type: 'JSON' }] } },
    big_orders: {
      type: 'VIEW',
      view: { query: 'SELECT id FROM shop.orders WHERE total > 100' },
      schema: { fields: [{ name: 'id', type: 'INTEGER' }] },
    },
    in_a_bucket: {
      type: 'EXTERNAL',
      externalDataConfiguration: { sourceFormat: 'PARQUET' },
      schema: { fields: [{ name: 'a', type: 'RANGE' }] },
    },
  },
  archive: {
    per_day: {
      type: 'MATERIALIZED_VIEW',
      materializedView: { query: 'SELECT 1' },
      schema: { fields: [{ name: 'd', type: 'DATE' }] },
    },
  },
  empty: {},
};

const connectionOf = ({ keyFile, network }: BigqueryDouble): Connection => ({
  type: 'bigquery',
  project: PROJECT,
  service_account: keyFile,
  tls: { ca: network.tls.ca },
});

async function setUp(): Promise<ContractSource> {
  const double = await startBigquery(WAREHOUSE);
  for (const line of (JSON.parse(double.keyFile) as { private_key: string }).private_key
    .split('\n')
    .slice(1, -2))
    remember(line);
  return {
    connection: connectionOf(double),
    network: {
      ...double.network,
      wrongPassword: { service_account: makeKeyFile().keyFile },
      wrongDatabase: { dataset: 'no_such_dataset' },
    },
    scopes: Object.keys(WAREHOUSE),
    datasets: [
      'shop.orders',
      'shop.customers',
      'shop.big_orders',
      'shop.in_a_bucket',
      'archive.per_day',
      'shop.näme with space',
    ],
    filter: { include: ['shop.*o*'], exclude: ['*.big?orders'], leaves: ['shop.orders', 'shop.customers'] },
    check(found) {
      expect(found.get('shop.orders')).toEqual({
        schema: 'shop',
        name: 'orders',
        kind: 'partitioned_table',
        comment: 'what was sold',
        partitioning: 'DAY (placed_at)',
        row_estimate: 1_200,
        size_bytes: 98_304,
        properties: { location: 'EU', clustering: ['customer'] },
        primary_key: { name: 'orders.pk$', columns: ['id'] },
        unique_keys: [],
        checks: [],
        indexes: [],
        foreign_keys: [
          {
            name: 'orders.fk$1',
            columns: ['customer'],
            references: { schema: 'shop', dataset: 'customers', columns: ['id'] },
          },
        ],
        fields: [
          { name: 'id', ordinal: 1, native_type: 'INTEGER', type: 'integer', nullable: false },
          {
            name: 'customer',
            ordinal: 2,
            native_type: 'STRING(36)',
            type: 'string',
            nullable: true,
            max_length: 36,
            comment: 'who bought',
          },
          {
            name: 'total',
            ordinal: 3,
            native_type: 'NUMERIC(12, 2)',
            type: 'decimal',
            nullable: true,
            precision: 12,
            scale: 2,
            default: '0',
          },
          { name: 'placed_at', ordinal: 4, native_type: 'TIMESTAMP', type: 'timestamp_tz', nullable: true },
          {
            name: 'lines',
            ordinal: 5,
            native_type: 'ARRAY<RECORD>',
            type: 'array',
            nullable: false,
            fields: [
              { name: 'sku', ordinal: 1, native_type: 'STRING', type: 'string', nullable: true },
              { name: 'at', ordinal: 2, native_type: 'GEOGRAPHY', type: 'geometry', nullable: true },
            ],
          },
        ],
      });
      expect(found.get('shop.big_orders')).toMatchObject({
        kind: 'view',
        definition: expect.stringContaining('SELECT id') as unknown,
      });
      expect(found.get('shop.in_a_bucket')).toMatchObject({
        kind: 'foreign_table',
        properties: { format: 'PARQUET' },
      });
      expect(found.get('archive.per_day')?.kind).toBe('materialized_view');
    },
    tearDown: () => double.stop(),
  };
}

describeConnector(bigquery, {
  double: 'the metadata calls of the REST interface, which check the signature and the claims of the token',
  stateless: true,
  unproven: {
    'the service itself':
      'No BigQuery was asked: that it takes the token and answers as documented is not shown.',
  },
  setUp,
});

describe('bigquery beyond the contract', () => {
  let double: BigqueryDouble;
  let meddle: (path: string) => Reply | undefined = () => undefined;
  beforeAll(async () => {
    double = await startBigquery(WAREHOUSE, (path) => meddle(path));
  });
  afterAll(() => double.stop());

  const open = (changes: Connection = {}) =>
    openSession(bigquery, { ...connectionOf(double), ...changes }, { address: double.network.address });
  const asked = async (work: () => Promise<unknown>): Promise<string[]> => {
    const from = double.seen.length;
    await work();
    return askedOf(double.seen.slice(from));
  };

  test.each([
    [403, 'accessDenied', 'PERMISSION_DENIED'],
    [403, 'rateLimitExceeded', 'THROTTLED'],
    [429, 'whatever', 'THROTTLED'],
    [403, 'constructor', 'PERMISSION_DENIED'],
    [404, 'notFound', 'DATABASE_NOT_FOUND'],
    [500, 'whatever', 'QUERY_FAILED'],
    [503, 'backendError', 'UNREACHABLE'],
  ])('tells %i %s by its code', async (status, reason, code) => {
    meddle = () => failure(status, reason);
    const fault = await faultOf(open());
    expect(fault.code).toBe(code);
    expect(fault.message).not.toContain('for people');
  });

  test('follows no redirect, and sends its token nowhere else', async () => {
    meddle = () => ({
      status: 307,
      headers: { location: `https://127.0.0.1:${String(double.network.address.port)}/elsewhere` },
    });
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(askedOf(double.seen)).not.toContain('/elsewhere');
  });

  test('asks for metadata alone, and for what the filter leaves', async () => {
    meddle = () => undefined;
    const session = await open();
    expect(await asked(() => session.ping(AbortSignal.timeout(5_000)))).toEqual(['/datasets']);
    const none = { ...EVERYTHING, include: ['∅.∅'] };
    expect(await asked(() => discoverAll(session, none))).toEqual(['/datasets', '/datasets']);
    const one = { ...EVERYTHING, include: ['archive.*'] };
    expect((await asked(() => discoverAll(session, one))).slice(2)).toEqual([
      '/datasets/archive/tables',
      '/datasets/archive/tables/per_day',
    ]);
    await session.close();
  });

  test('a dataset that is closed fails alone, a table that is closed makes its dataset partial', async () => {
    meddle = (path) =>
      /\/datasets\/archive\/tables$|\/tables\/orders$/.test(path) ? failure(403, 'accessDenied') : undefined;
    const session = await open();
    const events = await discoverAll(session);
    await session.close();
    const ends = events.filter((event) => event.event === 'scope_ended');
    expect(ends).toEqual([
      expect.objectContaining({ scope: 'shop', status: 'partial', code: 'PERMISSION_DENIED' }),
      expect.objectContaining({ scope: 'archive', status: 'failed', code: 'PERMISSION_DENIED' }),
      { event: 'scope_ended', scope: 'empty', status: 'complete' },
    ]);
    expect(datasetsOf(events).has('shop.customers')).toBe(true);
    expect(datasetsOf(events).has('shop.orders')).toBe(false);
  });

  test('waits and tries again where a discovery is too fast', async () => {
    let refusals = 2;
    meddle = (path) => (path.endsWith('/tables') && refusals-- > 0 ? { status: 429 } : undefined);
    const session = await open({ dataset: 'archive' });
    expect([...datasetsOf(await discoverAll(session)).keys()]).toEqual(['archive.per_day']);
    await session.close();
  });

  test.each([
    [
      'a kind that names files and commands',
      { type: 'external_account', credential_source: { file: '/etc/passwd' } },
    ],
    ['a kind of a person', { type: 'authorized_user', refresh_token: 'r' }],
    ['a token server of its own', { token_uri: 'http://169.254.169.254/token' }],
    ['no key', { private_key: undefined }],
  ])('refuses a key file with %s, and dials nowhere', async (_what, changes) => {
    const from = double.seen.length;
    const fault = await faultOf(open({ service_account: makeKeyFile(changes).keyFile }));
    expect([fault.code, fault.details.errors?.map(({ pointer }) => pointer)]).toEqual([
      'CONFIG_INVALID',
      ['/connection/service_account'],
    ]);
    expect(double.seen.length).toBe(from);
  });

  test('uses no credentials of its surroundings', async () => {
    const connection = Object.entries(connectionOf(double)).filter(([name]) => name !== 'service_account');
    const opened = openSession(bigquery, Object.fromEntries(connection), { address: double.network.address });
    expect((await faultOf(opened)).code).toBe('AMBIENT_CREDENTIALS_FORBIDDEN');
  });

  test.each(['keyFilename', 'apiEndpoint', 'universe_domain', 'authClient'])(
    'knows no field %s',
    async (name) => {
      const fault = await faultOf(open({ [name]: 'http://127.0.0.1' }));
      expect(fault.details.errors).toEqual([
        expect.objectContaining({ pointer: `/connection/${name}`, code: 'unknown_field' }),
      ]);
    },
  );
});
