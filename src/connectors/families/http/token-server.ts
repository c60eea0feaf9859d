import { rootCertificates } from 'node:tls';
import type { TlsConfig } from '../../spi/index.js';
import type { HttpServer } from './http-line.js';

/**
 * A server that hands out tokens. It is verified whatever mode the source's own TLS has: by the public authorities, and by
 * that of the connection, which alone would leave out the token servers of the clouds where the source has a private one.
 */
export function tokenServer(origin: URL, tls: TlsConfig | undefined): HttpServer {
  const ca = tls?.ca;
  return {
    origin,
    sockets: 1,
    ...(ca === undefined ? {} : { tls: { ca: [...rootCertificates, ca].join('\n') } }),
  };
}
