import { request } from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { createConnection } from 'mysql2/promise';
import { Redis } from 'ioredis';
import { runCql } from '../servers/cql.js';
import type {
  ClickhouseTestServer,
  RedisTestServer,
  S3TestServer,
  AwsTestServer,
  AzureBlobTestServer,
  CosmosDbTestServer,
  ElasticsearchTestServer,
  KafkaTestServer,
  MongoDbTestServer,
  NatsTestServer,
  PgBouncerTestServer,
  RabbitMqTestServer,
  GcsTestServer,
  ServerName,
  TestEndpoint,
  TestServer,
  TestServers,
  TrinoTestServer,
} from '../servers/server-types.js';
import { fetchAws, fetchAzureContainers, fetchGoogleToken, listCosmosDatabases } from './signatures.js';
import { kafkaLogin, natsPing } from './wire.js';

/** How to see that a server works, and that it refuses what it should. */
export interface Check<T extends TestEndpoint> {
  /** One request with good credentials; gives what a test compares with `expected`. */
  readonly accepted: (server: T) => Promise<unknown>;
  readonly expected: unknown;
  /** The same with a wrong secret; absent where the server checks none. Rejects, or gives an HTTP status. */
  readonly refused?: (server: T) => Promise<unknown>;
}

const postgres: Check<TestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const client = new pg.Client({
      host,
      port,
      user: username,
      password,
      database: 'postgres',
      ssl: { ca: tls.ca },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (
        await client.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      ).rows;
    } finally {
      await client.end();
    }
  },
  expected: [{ ssl: true }],
  refused: (server) => postgres.accepted({ ...server, password: 'wrong' }),
};

/** What shows that the connection has TLS: MariaDB and MySQL keep it in different places, but both show it. */
const mysql: Check<TestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const connection = await createConnection({ host, port, user: username, password, ssl: { ca: tls.ca } });
    try {
      const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_version'");
      return JSON.stringify(rows).includes('TLSv1');
    } finally {
      connection.destroy();
    }
  },
  expected: true,
  refused: (server) => mysql.accepted({ ...server, password: 'wrong' }),
};

const redis: Check<RedisTestServer> = {
  accepted: async ({ host, tlsPort, username, password, tls }) => {
    const client = new Redis({
      host,
      port: tlsPort,
      username,
      password,
      tls: { ca: tls.ca },
      lazyConnect: true,
      retryStrategy: null,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.ping();
    } finally {
      client.disconnect();
    }
  },
  expected: 'PONG',
  refused: (server) => redis.accepted({ ...server, password: 'wrong' }),
};

const clickhouse: Check<ClickhouseTestServer> = {
  accepted: async ({ host, port, username, password }) => {
    const url = `http://${host}:${String(port)}/?query=SELECT+1`;
    const headers = { 'x-clickhouse-user': username, 'x-clickhouse-key': password };
    return (await fetch(url, { headers })).status;
  },
  expected: 200,
  refused: (server) => clickhouse.accepted({ ...server, password: 'wrong' }),
};

const trino: Check<TrinoTestServer> = {
  accepted: ({ host, tlsPort, username, password, tls }) =>
    new Promise((resolve, reject) => {
      const auth = `${username}:${password}`;
      const asked = request({ host, port: tlsPort, path: '/v1/statement', method: 'POST', auth, ca: tls.ca });
      asked.once('error', reject).once('response', (answer) => resolve(answer.resume().statusCode));
      asked.end('SELECT 1');
    }),
  expected: 200,
  refused: (server) => trino.accepted({ ...server, password: 'wrong' }),
};

const s3: Check<S3TestServer> = {
  accepted: async ({ host, port, accessKey, secretKey, region }) => {
    const url = `http://${host}:${String(port)}/`;
    return (await fetchAws({ url, service: 's3', region, accessKey, secretKey })).status;
  },
  expected: 200,
  refused: (server) => s3.accepted({ ...server, secretKey: 'wrong' }),
};

const dynamodb: Check<AwsTestServer> = {
  accepted: async ({ host, port, region, accessKey, secretKey }) => {
    const answer = await fetchAws({
      url: `http://${host}:${String(port)}/`,
      method: 'POST',
      body: '{}',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.ListTables',
      },
      ...{ service: 'dynamodb', region, accessKey, secretKey },
    });
    return answer.ok ? await answer.json() : answer.status;
  },
  expected: { TableNames: [] },
  refused: (server) => dynamodb.accepted({ ...server, secretKey: 'wrong' }),
};

const azureBlob: Check<AzureBlobTestServer> = {
  accepted: async ({ host, port, account, accountKey }) =>
    (await fetchAzureContainers(`http://${host}:${String(port)}/${account}`, account, accountKey)).status,
  expected: 200,
  refused: (server) => azureBlob.accepted({ ...server, accountKey: 'd3Jvbmc=' }),
};

const gcs: Check<GcsTestServer> = {
  accepted: async ({ host, port, serviceAccount }) => {
    const token = await fetchGoogleToken(serviceAccount);
    const url = `http://${host}:${String(port)}/storage/v1/b?project=test-project`;
    return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
  },
  expected: 200,
  refused: (server) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return gcs.accepted({ ...server, serviceAccount: { ...server.serviceAccount, private_key } });
  },
};

const cosmosdb: Check<CosmosDbTestServer> = {
  accepted: ({ port, tls, accountKey }) => listCosmosDatabases({ port, ca: tls.ca }, accountKey),
  expected: 200,
  refused: (server) => cosmosdb.accepted({ ...server, accountKey: 'd3Jvbmc=' }),
};

const mongodb: Check<MongoDbTestServer> = {
  accepted: async ({ tlsPort, username, password, tls }) => {
    const url = `mongodb://localhost:${String(tlsPort)}/?directConnection=true&serverSelectionTimeoutMS=10000`;
    const client = new MongoClient(url, { auth: { username, password }, tls: true, ca: tls.ca });
    try {
      await client.db('zoo').collection('animals').insertOne({ name: 'ferret' });
      return (await client.db('zoo').listCollections().toArray()).map(({ name }) => name);
    } finally {
      await client.close();
    }
  },
  expected: ['animals'],
  refused: (server) => mongodb.accepted({ ...server, password: 'wrong' }),
};

const elasticsearch: Check<ElasticsearchTestServer> = {
  accepted: async ({ host, port, username, password }) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const url = `http://${host}:${String(port)}/_security/_authenticate`;
    return (await fetch(url, { headers: { authorization } })).status;
  },
  expected: 200,
  refused: (server) => elasticsearch.accepted({ ...server, password: 'wrong' }),
};

const cassandra: Check<TestServer> = {
  accepted: async ({ port, username, password, tls }) => {
    await runCql({ port, username, password, ca: tls.ca }, ['SELECT release_version FROM system.local']);
    return 'read';
  },
  expected: 'read',
  refused: (server) => cassandra.accepted({ ...server, password: 'wrong' }),
};

const kafka: Check<KafkaTestServer> = {
  accepted: ({ tlsPort, tls, username, password }) => kafkaLogin(tlsPort, tls.ca, { username, password }),
  expected: 0,
  refused: (server) => kafka.accepted({ ...server, password: 'wrong' }),
};

const rabbitmq: Check<RabbitMqTestServer> = {
  accepted: async ({ host, managementPort, username, password }) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const url = `http://${host}:${String(managementPort)}/api/whoami`;
    return (await fetch(url, { headers: { authorization } })).status;
  },
  expected: 200,
  refused: (server) => rabbitmq.accepted({ ...server, password: 'wrong' }),
};

const nats: Check<NatsTestServer> = {
  accepted: ({ port, tls, username, password }) => natsPing(port, tls.ca, { user: username, pass: password }),
  expected: 'PONG',
  refused: (server) => nats.accepted({ ...server, password: 'wrong' }),
};

const pgbouncer: Check<PgBouncerTestServer> = {
  accepted: async ({ host, port, username, password, tls }) => {
    const client = new pg.Client({
      host,
      port,
      user: username,
      password,
      database: 'pgbouncer',
      ssl: { ca: tls.ca },
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<{ version: string }>('SHOW VERSION')).rows.length;
    } finally {
      await client.end();
    }
  },
  expected: 1,
  refused: (server) => pgbouncer.accepted({ ...server, password: 'wrong' }),
};

/** One for each test server. */
export const CHECKS: { readonly [N in ServerName]: Check<TestServers[N]> } = {
  postgres,
  'postgres-12': postgres,
  'postgres-13': postgres,
  'postgres-14': postgres,
  'postgres-15': postgres,
  'postgres-16': postgres,
  'postgres-17': postgres,
  mariadb: mysql,
  mysql,
  redis,
  clickhouse,
  trino,
  s3,
  dynamodb,
  azureBlob,
  gcs,
  cosmosdb,
  mongodb,
  elasticsearch,
  cassandra,
  kafka,
  rabbitmq,
  nats,
  pgbouncer,
};
