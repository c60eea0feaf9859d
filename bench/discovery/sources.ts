import { MongoClient } from 'mongodb';
import { createConnection, type Connection } from 'mysql2/promise';
import { elasticsearch } from '../../src/connectors/drivers/elasticsearch.js';
import { kafka } from '../../src/connectors/drivers/kafka.js';
import { describeConfigs, metadata } from '../../src/connectors/drivers/kafka/requests.js';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import { mysql } from '../../src/connectors/drivers/mysql.js';
import { s3 } from '../../src/connectors/drivers/s3.js';
import { missingFor } from '../../test/servers/catalogue.js';
import { startElasticsearch } from '../../test/servers/elasticsearch.js';
import { startKafka } from '../../test/servers/kafka.js';
import { startMongoDb } from '../../test/servers/mongodb.js';
import { startMysql } from '../../test/servers/mysql.js';
import { startS3 } from '../../test/servers/s3.js';
import { KafkaAdmin } from '../../test/support/kafka-admin.js';
import { S3Admin } from '../../test/support/s3-admin.js';
import { until } from '../../test/support/until.js';
import { mysqlTables } from './mariadb.js';
import type { OtherSource } from './others.js';

const PLAIN = { mode: 'disable' } as const;

/** Runs `work` for each of `items`, so many at a time. */
async function each<T>(
  items: Iterable<T>,
  atATime: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const one = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atATime }, one));
}

function* numbered(name: string, count: number): Generator<string> {
  for (let at = 0; at < count; at += 1) yield `${name}${String(at).padStart(7, '0')}`;
}

function expectAtLeast(found: number, count: number): void {
  if (found < count) throw new Error(`${String(found)} were found of ${String(count)}.`);
}

const mysqlTablesOf = (tables: number): OtherSource => ({
  title: `MySQL 8, ${String(tables)} tables`,
  async fill(folder) {
    if (missingFor('mysql').length > 0) return undefined;
    const running = await startMysql(folder);
    const { server } = running;
    const { host, port, username, password } = server;
    const connect = (): Promise<Connection> => createConnection({ host, port, user: username, password });
    const admin = await connect();
    for (const statement of mysqlTables(tables)) await admin.query(statement);
    await admin.query('SET PERSIST information_schema_stats_expiry = 86400');
    const from = `FROM information_schema.`;
    const where = `WHERE table_schema LIKE 'bench%'`;
    const views = ['tables', 'columns', 'statistics', 'key_column_usage', 'table_constraints'];
    return {
      definition: mysql,
      connection: {
        type: 'mysql',
        host,
        port,
        username,
        password,
        tls: { ca: server.tls.ca },
      },
      peer: `SELECT * of ${String(views.length)} views of information_schema by mysql2`,
      read: async () => {
        const client = await connect();
        const [found] = await client.query<never[]>(`SELECT * ${from}tables ${where}`);
        for (const view of views.slice(1)) await client.query(`SELECT * ${from}${view} ${where}`);
        await client.end();
        expectAtLeast(found.length, tables);
      },
      stop: async () => {
        await admin.end();
        await running.stop();
      },
    };
  },
});

const mongodbCollections = (collections: number): OtherSource => ({
  title: `MongoDB (FerretDB), ${String(collections)} collections`,
  async fill(folder) {
    if (missingFor('mongodb').length > 0) return undefined;
    const running = await startMongoDb(folder);
    const { host, port, username, password } = running.server;
    const url = `mongodb://${host}:${String(port)}/?directConnection=true`;
    const client = new MongoClient(url, { auth: { username, password }, maxPoolSize: 4 });
    const db = client.db('bench');
    const document = {
      customer: 'c',
      total: 1.5,
      count: 2,
      placed: new Date(0),
      tags: ['a'],
      address: { city: 'Ulm' },
    };
    await each(numbered('c', collections), 4, (name) => db.collection(name).insertOne({ ...document }));
    return {
      definition: mongodb,
      connection: { type: 'mongodb', host, port, database: 'bench', username, password, tls: PLAIN },
      peer: 'listCollections; indexes, count and 100 documents of each, 4 at a time, by mongodb',
      read: async () => {
        const names = await db.listCollections().toArray();
        await each(names, 4, async ({ name }) => {
          await db.collection(name).indexes();
          await db.collection(name).estimatedDocumentCount();
          await db.collection(name).find().limit(100).toArray();
        });
        expectAtLeast(names.length, collections);
      },
      stop: async () => {
        await client.close();
        await running.stop();
      },
    };
  },
});

const elasticsearchIndices = (indices: number, fields: number): OtherSource => ({
  title: `Elasticsearch, ${String(indices)} indices with ${String(fields)} fields`,
  async fill(folder) {
    if (missingFor('elasticsearch').length > 0) return undefined;
    const running = await startElasticsearch(folder, 2_048);
    const { host, port, username, password } = running.server;
    const headers = {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    };
    const ask = async (method: string, path: string, body?: object): Promise<object> => {
      const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
      const answer = await fetch(`http://${host}:${String(port)}${path}`, init);
      if (!answer.ok) throw new Error(`${method} ${path}: ${String(answer.status)} ${await answer.text()}`);
      return (await answer.json()) as object;
    };
    await ask('PUT', '/_cluster/settings', { persistent: { 'cluster.max_shards_per_node': indices + 100 } });
    const types = ['keyword', 'text', 'long', 'date', 'double'];
    const properties = Object.fromEntries(
      [...numbered('f', fields)].map((name, at) => [name, { type: types[at % types.length] }]),
    );
    await each(numbered('i', indices), 2, (name) =>
      ask('PUT', `/${name}?wait_for_active_shards=0`, {
        settings: {
          number_of_shards: 1,
          number_of_replicas: 0,
          'index.mapping.total_fields.limit': fields + 10,
        },
        mappings: { properties },
      }),
    );
    return {
      definition: elasticsearch,
      connection: { type: 'elasticsearch', host, port, username, password, tls: PLAIN },
      peer: 'GET _mapping, _settings and _stats of all by fetch',
      read: async () => {
        const mappings = await ask('GET', '/_mapping');
        await ask('GET', '/_settings');
        await ask('GET', '/_stats/docs,store');
        expectAtLeast(Object.keys(mappings).length, indices);
      },
      stop: () => running.stop(),
    };
  },
});

const kafkaTopics = (topics: number): OtherSource => ({
  title: `Kafka, ${String(topics)} topics`,
  async fill(folder) {
    if (missingFor('kafka').length > 0) return undefined;
    const running = await startKafka(folder, 2_048);
    const { host, port } = running.server;
    const names = [...numbered('t', topics)];
    const chunks = Array.from({ length: Math.ceil(topics / 250) }, (_, at) =>
      names.slice(at * 250, at * 250 + 250),
    );
    for (const chunk of chunks) {
      const admin = await KafkaAdmin.connect(port);
      await admin.createTopics(chunk.map((name) => ({ name, partitions: 1 })));
      admin.close();
    }
    // They are not there for everybody at once.
    const admin = await KafkaAdmin.connect(port);
    await until(
      async () => (await admin.line.ask(metadata('all'))).topics.length >= topics,
      'all topics are there',
      900_000,
    );
    admin.close();
    return {
      definition: kafka,
      connection: { type: 'kafka', host, port, sasl: 'none', tls: PLAIN },
      peer: 'metadata of all topics, and their settings 1,000 at a time, over one line',
      read: async () => {
        const admin = await KafkaAdmin.connect(port);
        const { topics: found } = await admin.line.ask(metadata('all'));
        for (let at = 0; at < topics; at += 1_000)
          await admin.line.ask(describeConfigs(names.slice(at, at + 1_000)));
        admin.close();
        expectAtLeast(found.length, topics);
      },
      stop: () => running.stop(),
    };
  },
});

const s3Objects = (objects: number, prefixes: number): OtherSource => ({
  title: `S3 (radosgw), ${String(objects)} objects under ${String(prefixes)} prefixes`,
  async fill(folder) {
    if (missingFor('s3').length > 0) return undefined;
    const running = await startS3(folder);
    const admin = new S3Admin(running.server);
    const bucket = 'bench';
    await admin.createBucket(bucket);
    await each(numbered('', objects), 8, (name) =>
      admin.put(
        bucket,
        `p${String(Number(name) % prefixes).padStart(4, '0')}/${name}.csv`,
        'id,total\n1,2.5\n',
      ),
    );
    return {
      definition: s3,
      connection: { type: 's3', bucket, ...admin.connection },
      peer: 'the keys of all objects, 1,000 a page, one page after the other',
      read: async () => {
        let [found, after] = [0, ''];
        for (;;) {
          const page = await admin.send(
            'GET',
            `/${bucket}?list-type=2&start-after=${encodeURIComponent(after)}`,
          );
          const keys = [...page.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
          found += keys.length;
          after = keys.at(-1) ?? after;
          if (!page.includes('<IsTruncated>true')) break;
        }
        expectAtLeast(found, objects);
      },
      stop: () => running.stop(),
    };
  },
});

/** The sources by the names that the command line has for them; `count` of tables, collections, indices and so on. */
export const OTHER_SOURCES: Readonly<Record<string, (count: number) => OtherSource>> = {
  mysql: mysqlTablesOf,
  mongodb: mongodbCollections,
  elasticsearch: (count) => elasticsearchIndices(count, 1_000),
  kafka: kafkaTopics,
  s3: (count) => s3Objects(count, 1_000),
};
