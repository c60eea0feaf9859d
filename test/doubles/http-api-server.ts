import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TlsMaterial } from '../support/certificates.js';

/** A request as the double saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is where it is a text or bytes. */
  readonly body?: unknown;
}

/** A real HTTP server on loopback, plain and over TLS, whose answers a test gives. */
export class HttpApiServer {
  readonly host = '127.0.0.1';
  readonly seen: SeenRequest[] = [];

  private constructor(private readonly servers: readonly Server[]) {}

  static async start(
    answer: (request: SeenRequest) => Reply,
    tls: Pick<TlsMaterial, 'server'>,
  ): Promise<HttpApiServer> {
    const servers: Server[] = [];
    const double = new HttpApiServer(servers);
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
        double.seen.push(seen);
        const { status = 200, headers: more = {}, body } = answer(seen);
        response.writeHead(status, { 'content-type': 'application/json', ...more });
        const ready = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
        response.end(ready ? body : JSON.stringify(body));
      });
    };
    const { cert, key } = tls.server;
    servers.push(createServer(serve), createTlsServer({ cert, key }, serve));
    for (const server of servers) await new Promise<void>((done) => server.listen(0, double.host, done));
    return double;
  }

  get port(): number {
    return (this.servers[0]?.address() as AddressInfo).port;
  }

  get tlsPort(): number {
    return (this.servers[1]?.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.servers.map(
        (server) =>
          new Promise<void>((done) => {
            server.close(() => done());
            (server as unknown as { closeAllConnections(): void }).closeAllConnections();
          }),
      ),
    );
  }
}
