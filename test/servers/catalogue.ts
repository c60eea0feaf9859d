import { existsSync } from 'node:fs';
import { cachePath } from './cache.js';
import { findProgram } from './server-process.js';
import type {
  PostgresMajor,
  Running,
  ServerName,
  TestEndpoint,
  TestServer,
  TestServers,
} from './server-types.js';

/** One kind of test server: what it takes, and how it starts. */
export interface Entry<T extends TestEndpoint> {
  /** Programs of the system, or files below the cache of install.sh (those with a slash), that must be there. */
  readonly needs: readonly string[];
  /** Memory of the running server in MB, roughly: the keeper of the servers has a budget. */
  readonly mb: number;
  /** Starts it with its data in `folder`; the module, with its clients, is loaded only then. */
  readonly start: (folder: string) => Promise<Running<T>>;
}

/** A PostgreSQL of the npm packages. */
const postgres = (major: PostgresMajor): Entry<TestServer> => ({
  needs: [`npm/node_modules/postgres-${String(major)}/native/bin/postgres`],
  mb: 60,
  start: async (folder) => (await import('./postgres-version.js')).startPostgresVersion(major, folder),
});

/** All test servers by name. */
export const CATALOGUE: { readonly [N in ServerName]: Entry<TestServers[N]> } = {
  postgres: {
    needs: [],
    mb: 100,
    start: async (folder) => (await import('./postgres.js')).startPostgres(folder),
  },
  'postgres-12': postgres(12),
  'postgres-13': postgres(13),
  'postgres-14': postgres(14),
  'postgres-15': postgres(15),
  'postgres-16': postgres(16),
  'postgres-17': postgres(17),
  mariadb: {
    needs: ['mariadbd', 'mariadb-install-db'],
    mb: 150,
    start: async (folder) => (await import('./mariadb.js')).startMariadb(folder),
  },
  mysql: {
    needs: ['maven/mysql/bin/mysqld'],
    mb: 250,
    start: async (folder) => (await import('./mysql.js')).startMysql(folder),
  },
  'mysql-5.7': {
    needs: ['maven/mysql-5.7/bin/mysqld'],
    mb: 200,
    start: async (folder) => (await import('./mysql.js')).startMysql(folder, 'mysql-5.7'),
  },
  redis: {
    needs: ['redis-server'],
    mb: 10,
    start: async (folder) => (await import('./redis.js')).startRedis(folder),
  },
  redisCluster: {
    needs: ['redis-server'],
    mb: 30,
    start: async (folder) => (await import('./redis-groups.js')).startRedisCluster(folder),
  },
  redisSentinel: {
    needs: ['redis-server'],
    mb: 30,
    start: async (folder) => (await import('./redis-groups.js')).startRedisSentinel(folder),
  },
  clickhouse: {
    needs: ['clickhouse-server'],
    mb: 200,
    start: async (folder) => (await import('./clickhouse.js')).startClickhouse(folder),
  },
  trino: {
    needs: ['javac', 'maven/trino/installed.xml', 'maven/trino-memory/installed'],
    mb: 600,
    start: async (folder) => (await import('./trino.js')).startTrino(folder),
  },
  s3: {
    needs: ['radosgw', 'radosgw-admin', 'ceph', 'ceph-mon', 'ceph-osd', 'monmaptool'],
    mb: 250,
    start: async (folder) => (await import('./s3.js')).startS3(folder),
  },
  dynamodb: {
    needs: ['javac', 'maven/dynamodb/installed.xml'],
    mb: 250,
    start: async (folder) => (await import('./dynamodb.js')).startDynamoDb(folder),
  },
  aws: {
    needs: ['python/installed.txt'],
    mb: 100,
    start: async (folder) => (await import('./aws.js')).startAws(folder),
  },
  azureBlob: {
    needs: ['npm/node_modules/azurite/package.json'],
    mb: 150,
    start: async (folder) => (await import('./azure-blob.js')).startAzureBlob(folder),
  },
  gcs: {
    needs: ['go/bin/fake-gcs-server-1.56.1'],
    mb: 60,
    start: async (folder) => (await import('./gcs.js')).startGcs(folder),
  },
  cosmosdb: {
    needs: ['npm/node_modules/@vercel/cosmosdb-server/package.json'],
    mb: 80,
    start: async (folder) => (await import('./cosmosdb.js')).startCosmosDb(folder),
  },
  mongodb: {
    needs: ['go/bin/ferretdb-1.24.2'],
    mb: 60,
    start: async (folder) => (await import('./mongodb.js')).startMongoDb(folder),
  },
  elasticsearch: {
    needs: ['java', 'maven/elasticsearch/installed'],
    mb: 650,
    start: async (folder) => (await import('./elasticsearch.js')).startElasticsearch(folder),
  },
  cassandra: {
    needs: ['java', 'maven/cassandra/installed.xml'],
    mb: 700,
    start: async (folder) => (await import('./cassandra.js')).startCassandra(folder),
  },
  kafka: {
    needs: ['java', 'maven/kafka/installed.xml'],
    mb: 300,
    start: async (folder) => (await import('./kafka.js')).startKafka(folder),
  },
  schemaRegistry: {
    needs: ['java', 'maven/apicurio/installed'],
    mb: 300,
    start: async (folder) => (await import('./schema-registry.js')).startSchemaRegistry(folder),
  },
  rabbitmq: {
    needs: ['rabbitmq-server', 'epmd'],
    mb: 150,
    start: async (folder) => (await import('./rabbitmq.js')).startRabbitMq(folder),
  },
  nats: {
    needs: ['nats-server'],
    mb: 20,
    start: async (folder) => (await import('./nats.js')).startNats(folder),
  },
  pgbouncer: {
    needs: ['pgbouncer', 'npm/node_modules/postgres-17/native/bin/postgres'],
    mb: 100,
    start: async (folder) => (await import('./pgbouncer.js')).startPgBouncer(folder),
  },
  sshd: {
    needs: ['sshd', 'ssh-keygen'],
    mb: 20,
    start: async (folder) => (await import('./sshd.js')).startSshd(folder),
  },
};

/** What is missing for that server on this machine; empty when it can start. */
export function missingFor(name: ServerName): readonly string[] {
  return CATALOGUE[name].needs.filter((need) =>
    need.includes('/') ? !existsSync(cachePath(need)) : findProgram(need) === undefined,
  );
}
