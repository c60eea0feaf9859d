import type { TlsMaterial } from '../support/certificates.js';

/** Where a test server listens. Everything that a suite gets is plain JSON. */
export interface TestEndpoint {
  readonly host: string;
  readonly port: number;
  /** Process id, for SIGSTOP and SIGKILL; only for servers that a test started for itself. */
  readonly pid: number;
}

/** A server with accounts. */
export interface TestServer extends TestEndpoint {
  /** An administrator of the server; its password is random. */
  readonly username: string;
  readonly password: string;
  readonly tls: TlsMaterial;
}

export interface RedisTestServer extends TestServer {
  readonly tlsPort: number;
}

/** ClickHouse; `port` is plain HTTP. */
export interface ClickhouseTestServer extends TestServer {
  readonly tlsPort: number;
}

/** One server of a group. */
export type RedisNodeAddress = Pick<RedisTestServer, 'port' | 'tlsPort' | 'pid'>;

/** `port` is of the first node; all have the same password. */
export interface RedisClusterTestServer extends RedisTestServer {
  /** The masters. */
  readonly nodes: readonly RedisNodeAddress[];
  /** Of the last master, where one was asked for. */
  readonly replica?: RedisNodeAddress;
}

/** `port` is the sentinel's; it and the nodes have the same password. */
export interface RedisSentinelTestServer extends RedisTestServer {
  readonly masterName: string;
  readonly masterPort: number;
  readonly masterTlsPort: number;
  readonly masterPid: number;
  readonly replicaPort: number;
}

/** A server with a plain port and one for TLS, of the same content. */
export interface TestEndpoints extends TestEndpoint {
  readonly tlsPort: number;
  readonly tls: TlsMaterial;
}

/** A service with the protocol of AWS; it checks the signatures of exactly this key. */
export interface AwsTestServer extends TestEndpoints {
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** An object store with the protocol of S3. */
export type S3TestServer = AwsTestServer;

/** Trino; `port` is plain HTTP, without any login. */
export interface TrinoTestServer extends TestServer {
  readonly tlsPort: number;
  /** In base64: a token with HS256 under this key is taken. */
  readonly tokenKey: string;
}

/** URLs start with `http://host:port/account`. */
export interface AzureBlobTestServer extends TestEndpoints {
  readonly account: string;
  readonly accountKey: string;
}

/** A key file of Google's for a service account. */
export interface ServiceAccountKey {
  readonly type: 'service_account';
  readonly project_id: string;
  readonly private_key_id: string;
  readonly private_key: string;
  readonly client_email: string;
  readonly client_id: string;
  readonly token_uri: string;
}

export interface GcsTestServer extends TestEndpoints {
  /** An access token that is taken. */
  readonly token: string;
  /** Gets access tokens at its `token_uri`, and signs URLs. */
  readonly serviceAccount: ServiceAccountKey;
}

/** The endpoint is `https://host:port/`. */
export interface CosmosDbTestServer extends TestEndpoint {
  readonly tls: TlsMaterial;
  readonly accountKey: string;
}

/**
 * `port` is without security. A second user, `reader`, has the same password. SASL is PLAIN or SCRAM, of SHA-256 or
 * SHA-512; whoever has no access list in the way may do everything.
 */
export interface KafkaTestServer extends TestServer {
  readonly saslPort: number;
  /** SASL within TLS. */
  readonly tlsPort: number;
  /** TLS that asks for the client's certificate, and no SASL. */
  readonly clientCertificatePort: number;
}

/** HTTP and HTTPS. */
export interface ElasticsearchTestServer extends TestServer {
  readonly tlsPort: number;
}

/** The account is of the database `admin`. */
export interface MongoDbTestServer extends TestServer {
  readonly tlsPort: number;
}

export interface RabbitMqTestServer extends TestServer {
  readonly tlsPort: number;
  /** The management API. */
  readonly managementPort: number;
  readonly managementTlsPort: number;
}

export interface NatsTestServer extends TestServer {
  /** HTTP without authentication: `/varz`, `/jsz`. */
  readonly monitorPort: number;
}

export interface PgBouncerTestServer extends TestServer {
  /** The PostgreSQL behind it, with the same account. */
  readonly serverPort: number;
}

/** OpenSSH; it takes public keys of the account that runs the tests, and forwards. */
export interface SshdTestServer extends TestEndpoint {
  readonly username: string;
  /** Fingerprint of the key that it shows, and the line of known_hosts for it. */
  readonly hostKey: string;
  readonly knownHosts: string;
  /** Private keys that are let in, by what is special about them; `encrypted`, `rsaPem` and `costly` have the passphrase. */
  readonly keys: Readonly<
    Record<'ed25519' | 'encrypted' | 'ecdsa' | 'rsa' | 'rsaPem' | 'rsaPkcs8' | 'costly', string>
  >;
  readonly passphrase: string;
  /** One that is not let in. */
  readonly strangerKey: string;
}

/** The majors of PostgreSQL beside the product's own one. */
/** A schema registry with the interface of Confluent's. */
export interface SchemaRegistryTestServer extends TestServer {
  readonly tlsPort: number;
  /** Where that interface begins, such as `/apis/ccompat/v7`. */
  readonly path: string;
}

export type PostgresMajor = 12 | 13 | 14 | 15 | 16 | 17;

export interface TestServers extends Readonly<Record<`postgres-${PostgresMajor}`, TestServer>> {
  /** The product's own PostgreSQL, of the newest major. */
  readonly postgres: TestServer;
  readonly mariadb: TestServer;
  readonly mysql: TestServer;
  readonly 'mysql-5.7': TestServer;
  readonly redis: RedisTestServer;
  readonly redisCluster: RedisClusterTestServer;
  readonly redisSentinel: RedisSentinelTestServer;
  readonly clickhouse: ClickhouseTestServer;
  readonly trino: TrinoTestServer;
  readonly s3: S3TestServer;
  readonly dynamodb: AwsTestServer;
  /** STS, IAM, RDS, Glue, Kinesis and others. */
  readonly aws: AwsTestServer;
  readonly azureBlob: AzureBlobTestServer;
  readonly gcs: GcsTestServer;
  readonly mongodb: MongoDbTestServer;
  readonly elasticsearch: ElasticsearchTestServer;
  /** With and without TLS on the one port. */
  readonly cassandra: TestServer;
  readonly kafka: KafkaTestServer;
  readonly schemaRegistry: SchemaRegistryTestServer;
  readonly rabbitmq: RabbitMqTestServer;
  readonly nats: NatsTestServer;
  readonly pgbouncer: PgBouncerTestServer;
  readonly sshd: SshdTestServer;
  readonly cosmosdb: CosmosDbTestServer;
}
export type ServerName = keyof TestServers;

/** A running server and how to end it. */
export interface Running<T extends TestEndpoint = TestServer> {
  readonly server: T;
  stop(): Promise<void>;
}
