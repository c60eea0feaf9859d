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

/** An object store with the S3 protocol; `port` is plain HTTP. */
export interface S3TestServer extends TestEndpoint {
  readonly tlsPort: number;
  readonly tls: TlsMaterial;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The majors of PostgreSQL beside the product's own one. */
export type PostgresMajor = 12 | 13 | 14 | 15 | 16 | 17;

export interface TestServers extends Readonly<Record<`postgres-${PostgresMajor}`, TestServer>> {
  /** The product's own PostgreSQL, of the newest major. */
  readonly postgres: TestServer;
  readonly mariadb: TestServer;
  readonly redis: RedisTestServer;
  readonly s3: S3TestServer;
}
export type ServerName = keyof TestServers;

/** A running server and how to end it. */
export interface Running<T extends TestEndpoint = TestServer> {
  readonly server: T;
  stop(): Promise<void>;
}
