import type { Duplex } from 'node:stream';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { AppError } from '../../../common/app-error.js';
import { openSocket, secureSocket, tlsOptions, type Address, type OpenContext } from '../../spi/index.js';
import { ENCRYPT, prelogin, type PreloginAnswer } from './prelogin.js';
import type { SqlServerConfig } from './spec.js';
import { TlsInTds } from './tls-in-tds.js';

/** A line on which the login may be sent: encrypted as the connection wants it, or wanted in clear. */
export interface Wire {
  readonly stream: Duplex;
  readonly answer: PreloginAnswer;
  /** Drops all of it, down to the socket. */
  destroy(fault?: Error): void;
}

/**
 * Dials, has the first exchange and sets up TLS. All of it is ours: tedious goes on in clear where a server says that it
 * cannot encrypt, whatever it was told, and looks at names its own way. A server that refuses TLS is never told who we
 * are.
 *
 * @param name what the certificate must say where the connection does not tell it.
 */
export async function openWire(
  where: Address,
  name: string,
  config: Pick<SqlServerConfig, 'tls' | 'tds_version'> & { readonly federated: boolean },
  context: OpenContext,
): Promise<Wire> {
  const { federated } = config;
  const options = tlsOptions(name, config.tls);
  const socket = await openSocket(where, context);
  // Stays for good: an error without a listener ends the process.
  socket.on('error', () => undefined);
  const drop = (): void => void socket.destroy();
  context.signal.addEventListener('abort', drop, { once: true });
  try {
    if (options && config.tds_version === '8.0') {
      const stream = await secureSocket(socket, { ...options, ALPNProtocols: ['tds/8.0'] }, context.signal);
      tell(stream, options, context);
      const wanted = { encryption: ENCRYPT.notSupported, federated };
      return wireOf(stream, socket, await prelogin(stream, wanted, context.signal));
    }
    const encryption = options ? ENCRYPT.on : ENCRYPT.notSupported;
    const answer = await prelogin(socket, { encryption, federated }, context.signal);
    const encrypts = answer.encryption === ENCRYPT.on || answer.encryption === ENCRYPT.required;
    if (!options) {
      if (encrypts) throw refusal('The server takes encrypted connections only.', '"verify_full"');
      return wireOf(socket, socket, answer);
    }
    if (!encrypts) throw refusal('The server offers no encryption; it was told no login.', '"disable"');
    const under = new TlsInTds(socket);
    // Tickets of TLS 1.3 come after the handshake, which is the end of the packets.
    const stream = await secureSocket(under, { ...options, maxVersion: 'TLSv1.2' }, context.signal);
    under.leavePackets();
    tell(stream, options, context);
    return wireOf(stream, socket, answer);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    context.signal.removeEventListener('abort', drop);
  }
}

function wireOf(stream: Duplex, socket: Duplex, answer: PreloginAnswer): Wire {
  return {
    stream,
    answer,
    destroy(fault) {
      stream.destroy(fault);
      // TLS may wait with it for what it has not sent yet.
      if (socket !== stream) socket.destroy();
    },
  };
}

function tell(stream: TLSSocket, options: ConnectionOptions, context: OpenContext): void {
  stream.on('error', () => undefined);
  const verified = options.rejectUnauthorized !== false;
  context.done?.('tls', { protocol: stream.getProtocol() ?? 'unknown', verified });
}

function refusal(message: string, mode: string): AppError {
  const hint =
    mode === '"disable"'
      ? 'Give the server a certificate (SQL Server Configuration Manager). Only where the network itself is trusted: tls.mode "disable" sends everything in clear.'
      : 'Set tls.mode to "verify_full", and tls.ca to the authority of the server.';
  return new AppError('TLS_FAILED', message, { hint });
}
