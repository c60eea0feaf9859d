import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsMaterial } from '../support/certificates.js';

/** How a request is answered that must not reach the server behind. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface FrontOptions {
  /** Port on loopback of the server behind. */
  readonly to: number;
  readonly tls: TlsMaterial;
  /** Checks what an emulator does not: credentials. Undefined lets the request pass. */
  readonly refuse?: (request: IncomingMessage, body: Buffer) => Refusal | undefined;
}

/** An HTTP and an HTTPS port of ours before the plain HTTP port of an emulator. */
export interface Front {
  readonly port: number;
  readonly tlsPort: number;
  close(): Promise<void>;
}

/** Starts a front on two free loopback ports. Bodies of requests are held in memory, answers are passed on as they come. */
export async function startFront({ to, tls, refuse }: FrontOptions): Promise<Front> {
  const pass: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => response.destroy());
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const refusal = refuse?.(request, body);
      if (refusal) {
        response.writeHead(refusal.status, refusal.headers).end(refusal.body);
        return;
      }
      // Headers as they came: signatures are made over them.
      const options = {
        host: '127.0.0.1',
        port: to,
        method: request.method,
        path: request.url,
        headers: request.headers,
      };
      const behind = httpRequest(options, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      behind.on('error', () => response.destroy());
      response.on('close', () => behind.destroy());
      behind.end(body);
    });
  };
  const plain = createServer(pass);
  const secure = createTlsServer({ cert: tls.server.cert, key: tls.server.key }, pass);
  const [port, tlsPort] = [await listen(plain), await listen(secure)];
  return {
    port,
    tlsPort,
    close: async () => {
      await Promise.all([end(plain), end(secure)]);
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function end(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
