import type { TlsMaterial } from '../support/certificates.js';

/** What a suite needs to reach a test server. Everything is plain JSON. */
export interface TestServer {
  readonly host: string;
  readonly port: number;
  /** An administrator of the server; its password is random. */
  readonly username: string;
  readonly password: string;
  readonly tls: TlsMaterial;
  /** Process id, for SIGSTOP and SIGKILL; only for servers that a test started for itself. */
  readonly pid: number;
}

export interface RedisTestServer extends TestServer {
  readonly tlsPort: number;
}

export interface TestServers {
  readonly postgres: TestServer;
  readonly mariadb: TestServer;
  readonly redis: RedisTestServer;
}
export type ServerName = keyof TestServers;

/** A running server and how to end it. */
export interface Running<T extends TestServer = TestServer> {
  readonly server: T;
  stop(): Promise<void>;
}
