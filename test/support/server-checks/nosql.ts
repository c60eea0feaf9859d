import { MongoClient } from 'mongodb';
import { runCql } from '../../servers/cql.js';
import { Cluster, Redis } from 'ioredis';
import type {
  AwsTestServer,
  CosmosDbTestServer,
  ElasticsearchTestServer,
  MongoDbTestServer,
  RedisClusterTestServer,
  RedisSentinelTestServer,
  RedisTestServer,
  TestServer,
} from '../../servers/server-types.js';
import { fetchAws, listCosmosDatabases } from '../signatures.js';
import type { Check } from './check.js';

export const redis: Check<RedisTestServer> = {
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

export const redisCluster: Check<RedisClusterTestServer> = {
  accepted: async ({ host, nodes, password }) => {
    const client = new Cluster(
      nodes.map(({ port }) => ({ host, port })),
      { redisOptions: { password }, clusterRetryStrategy: () => undefined, lazyConnect: true },
    );
    client.on('error', () => undefined);
    try {
      await client.connect();
      // Three keys of different nodes.
      return await Promise.all(['a', 'b', 'c'].map((key) => client.set(key, '1')));
    } finally {
      client.disconnect();
    }
  },
  expected: ['OK', 'OK', 'OK'],
  refused: (server) => redisCluster.accepted({ ...server, password: 'wrong' }),
};

export const redisSentinel: Check<RedisSentinelTestServer> = {
  accepted: async ({ host, port, masterName, password }) => {
    const client = new Redis({
      sentinels: [{ host, port }],
      name: masterName,
      password,
      sentinelPassword: password,
      sentinelRetryStrategy: () => null,
      lazyConnect: true,
      retryStrategy: null,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.set('a', '1');
    } finally {
      client.disconnect();
    }
  },
  expected: 'OK',
  refused: (server) => redisSentinel.accepted({ ...server, password: 'wrong' }),
};

export const mongodb: Check<MongoDbTestServer> = {
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

export const elasticsearch: Check<ElasticsearchTestServer> = {
  accepted: async ({ host, port, username, password }) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const url = `http://${host}:${String(port)}/_security/_authenticate`;
    return (await fetch(url, { headers: { authorization } })).status;
  },
  expected: 200,
  refused: (server) => elasticsearch.accepted({ ...server, password: 'wrong' }),
};

export const cassandra: Check<TestServer> = {
  accepted: async ({ port, username, password, tls }) => {
    await runCql({ port, username, password, ca: tls.ca }, ['SELECT release_version FROM system.local']);
    return 'read';
  },
  expected: 'read',
  refused: (server) => cassandra.accepted({ ...server, password: 'wrong' }),
};

export const dynamodb: Check<AwsTestServer> = {
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

export const cosmosdb: Check<CosmosDbTestServer> = {
  accepted: ({ port, tls, accountKey }) => listCosmosDatabases({ port, ca: tls.ca }, accountKey),
  expected: 200,
  refused: (server) => cosmosdb.accepted({ ...server, accountKey: 'd3Jvbmc=' }),
};
