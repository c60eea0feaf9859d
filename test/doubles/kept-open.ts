import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsMaterial } from '../support/certificates.js';

/**
 * In front of an HTTPS server that closes its line after every answer: it keeps that of the client, as the service does
 * that the server stands for. Requests and answers go through as they are.
 */
export async function keepOpen(
  target: { readonly port: number; readonly tls: TlsMaterial },
  tls: TlsMaterial,
): Promise<{ readonly host: string; readonly port: number; stop(): Promise<void> }> {
  const { cert, key } = tls.server;
  const host = '127.0.0.1';
  const front = createServer({ cert, key }, (asked, answer) => {
    const { method, url: path, headers } = asked;
    const at = { host, port: target.port, ca: target.tls.ca, servername: 'localhost', agent: false } as const;
    const behind = request({ ...at, method, path, headers }, (told) => {
      answer.writeHead(told.statusCode ?? 502, { ...told.headers, connection: 'keep-alive' });
      told.on('error', () => answer.destroy());
      told.pipe(answer);
    });
    behind.on('error', () => answer.destroy());
    answer.on('close', () => behind.destroy());
    asked.on('error', () => behind.destroy());
    asked.pipe(behind);
  });
  await new Promise<void>((done) => front.listen(0, host, done));
  return {
    host,
    port: (front.address() as AddressInfo).port,
    stop: () =>
      new Promise((done) => {
        front.close(() => done());
        front.closeAllConnections();
      }),
  };
}
