import { isIP } from 'node:net';
import { checkServerIdentity, createSecureContext, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { AppError } from '../../common/app-error.js';
import type { TLS_MODES } from './spec.js';

/** The value of the `tls()` fields of a connection. */
export interface TlsFields {
  readonly mode?: (typeof TLS_MODES)[number];
  readonly ca?: string;
  readonly client_cert?: string;
  readonly client_key?: string;
  readonly server_name?: string;
}

export interface TlsPlan {
  /** The name that the certificate must carry and that is sent as SNI, whatever address is dialled. */
  readonly serverName: string;
  /** The server is proven to be the right one before anything is sent: only then may a password go in clear. */
  readonly verified: boolean;
  /** For `tls.connect`; they hold no path of a file. */
  readonly options: ConnectionOptions;
}

/**
 * How to set up TLS for a connection; `undefined` where it is switched off. There is no fall-back: a driver that gets a
 * plan speaks TLS or fails. Rejects certificates and keys that cannot be read with TLS_FAILED, before anything is dialled.
 */
export function tlsPlan(tls: TlsFields | undefined, host: string): TlsPlan | undefined {
  const mode = tls?.mode ?? 'verify_full';
  if (mode === 'disable') return undefined;
  const serverName = tls?.server_name ?? host;
  const options: ConnectionOptions = {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: mode !== 'require',
    // SNI must not hold an IP address (RFC 6066).
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls?.client_cert === undefined ? {} : { cert: tls.client_cert }),
    ...(tls?.client_key === undefined ? {} : { key: tls.client_key }),
    checkServerIdentity: (_dialled, cert) =>
      mode === 'verify_full' ? checkServerIdentity(serverName, cert) : undefined,
  };
  try {
    createSecureContext(options);
  } catch {
    throw new AppError('TLS_FAILED', 'The CA certificate, client certificate or client key cannot be read.', {
      hint: 'Paste them as PEM text: the whole block from BEGIN to END, an unencrypted key, and the certificate that belongs to it.',
    });
  }
  return { serverName, verified: mode === 'verify_ca' || mode === 'verify_full', options };
}

/** What a test shows of an established TLS line. */
export function tlsDetail(socket: TLSSocket): Record<string, string | boolean> {
  return {
    protocol: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().name,
    verified: socket.authorized,
  };
}
