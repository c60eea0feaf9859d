import { expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { dynamodb } from '../../src/connectors/drivers/dynamodb.js';
import { DynamoDbLine } from '../../src/connectors/drivers/dynamodb/dynamodb-line.js';
import { servers } from '../support/servers.js';
import { anywhere } from './contract-source.js';
import { describeConnector, type ContractSource } from './contract-suite.js';

const signal = (): AbortSignal => AbortSignal.timeout(30_000);
const key = (name: string, type: string) => ({ AttributeName: name, KeyType: type });
const attribute = (name: string, type: string) => ({ AttributeName: name, AttributeType: type });

async function setUp(): Promise<ContractSource> {
  const server = await servers.dynamodb();
  const { host, port, region } = server;
  const connection = {
    type: 'dynamodb',
    region,
    host,
    port,
    access_key_id: server.accessKey,
    secret_access_key: server.secretKey,
    tls: { mode: 'disable' },
  } as const;
  const admin = await DynamoDbLine.open(connection, { signal: signal(), locate: anywhere });
  const suffix = randomBytes(4).toString('hex');
  const [orders, empty] = [`orders-${suffix}`, `empty-${suffix}`];
  const fillers = Array.from({ length: 20 }, (_, at) => `filler-${suffix}-${String(at)}`);
  await admin.ask(
    'CreateTable',
    {
      TableName: orders,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [attribute('customer', 'S'), attribute('placed', 'N'), attribute('state', 'S')],
      KeySchema: [key('customer', 'HASH'), key('placed', 'RANGE')],
      GlobalSecondaryIndexes: [
        { IndexName: 'by_state', KeySchema: [key('state', 'HASH')], Projection: { ProjectionType: 'ALL' } },
      ],
    },
    signal(),
  );
  for (const name of [empty, ...fillers])
    await admin.ask(
      'CreateTable',
      {
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [attribute('id', 'S')],
        KeySchema: [key('id', 'HASH')],
      },
      signal(),
    );
  for (let at = 0; at < 4; at += 1)
    await admin.ask(
      'PutItem',
      {
        TableName: orders,
        Item: {
          customer: { S: `c${String(at)}` },
          placed: { N: String(at) },
          total: { N: '1.5' },
          paid: { BOOL: true },
          tags: { SS: ['a', 'b'] },
          address: { M: { city: { S: 'Ulm' } } },
          ...(at === 0 ? { note: { S: 'n' } } : {}),
        },
      },
      signal(),
    );
  return {
    connection,
    network: {
      address: server,
      wrongPassword: { secret_access_key: `wrong-${randomBytes(8).toString('hex')}` },
      tls: {
        address: { host: server.host, port: server.tlsPort },
        ca: server.tls.ca,
        otherCa: server.tls.otherCa,
      },
    },
    scopes: [region],
    datasets: [orders, empty, ...fillers].map((name) => `${region}.${name}`),
    filter: {
      include: [`${region}.filler-${suffix}-1?`, `${region}.orders-${suffix}`],
      exclude: ['*-1[0-9]', `*-${suffix}-1?`],
      leaves: [`${region}.${orders}`],
    },
    check(found) {
      const dataset = found.get(`${region}.${orders}`);
      expect(dataset).toMatchObject({
        kind: 'collection',
        primary_key: { columns: ['customer', 'placed'] },
        indexes: [{ name: 'by_state', columns: ['state'] }],
        row_estimate: 4,
        properties: { status: 'ACTIVE', billing_mode: 'PAY_PER_REQUEST', sampled_items: 4 },
      });
      expect(dataset?.fields).toMatchObject([
        { name: 'customer', native_type: 'S', type: 'string', nullable: false },
        { name: 'placed', native_type: 'N', type: 'decimal', nullable: false },
        { name: 'state', nullable: true },
        ...(dataset?.fields ?? []).slice(3).map(() => ({ inferred: true })),
      ]);
      const inferred = new Map(dataset?.fields.map((field) => [field.name, field]));
      expect(inferred.get('total')).toMatchObject({ type: 'float', prevalence: 1 });
      expect(inferred.get('note')).toMatchObject({ type: 'string', prevalence: 0.25, nullable: true });
      expect(inferred.get('tags')?.type).toBe('array');
      expect(inferred.get('address')?.fields).toMatchObject([{ name: 'city', type: 'string' }]);
      expect(found.get(`${region}.${empty}`)?.fields).toMatchObject([{ name: 'id' }]);
    },
    async tearDown() {
      for (const name of [orders, empty, ...fillers])
        await admin.ask('DeleteTable', { TableName: name }, signal());
      await admin.close();
    },
  };
}

describeConnector(dynamodb, {
  server: 'dynamodb',
  stateless: true,
  unproven: {
    service:
      'DynamoDB Local of Amazon answers, behind a front that checks signatures: policies and roles are not shown.',
  },
  setUp,
});
