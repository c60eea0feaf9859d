import { connect as connectTcp, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { AppError } from '../../common/app-error.js';
import type { Address, OpenContext } from './connector.js';
import { toConnectorError } from './connector-error.js';
import { TLS_MODES } from './spec.js';
import { normalizeHost } from './spec-secrets.js';

/** The `tls` block of a connection, see spec.ts. */
export interface TlsConfig {
  readonly mode?: (typeof TLS_MODES)[number];
  readonly ca?: string;
  readonly client_cert?: string;
  readonly client_key?: string;
  readonly server_name?: string;
}

/**
 * The weakest mode of TLS in a connection, whatever its type: that of its own block, and of each block inside of it, such
 * as that of the store of a file. `verify_full` where it says nothing of it.
 */
export function tlsModeOf(connection: object): (typeof TLS_MODES)[number] {
  const found = Object.entries(connection).map(([name, block]: [string, unknown]) => {
    if (typeof block !== 'object' || block === null) return 'verify_full';
    return name === 'tls' ? ((block as TlsConfig).mode ?? 'verify_full') : tlsModeOf(block);
  });
  return TLS_MODES.find((mode) => found.includes(mode)) ?? 'verify_full';
}

/**
 * Node's options for a TLS block; undefined only where the block says `disable`. Without a block everything is verified.
 *
 * @param host the configured host: the name that `verify_full` wants to see, whatever address is dialled.
 */
export function tlsOptions(host: string, tls: TlsConfig = {}): ConnectionOptions | undefined {
  const mode = tls.mode ?? 'verify_full';
  if (mode === 'disable') return undefined;
  const name = normalizeHost(tls.server_name ?? host);
  return {
    rejectUnauthorized: mode !== 'require',
    // Node checks the name of the socket it is given, which is an address here: ours is the configured one.
    checkServerIdentity: (_, certificate) =>
      mode === 'verify_full' ? checkServerIdentity(name, certificate) : undefined,
    // An address is no server name in TLS.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.client_cert === undefined ? {} : { cert: tls.client_cert }),
    ...(tls.client_key === undefined ? {} : { key: tls.client_key }),
  };
}

/**
 * Opens a connection to `where` as the runtime wants it reached: over its tunnel, else by TCP to `context.address`, else to
 * where `where` is located. Rejects with an AppError, or with the signal's reason; the socket is destroyed then. Reports
 * the step `tcp`, with the `egress_ip` that it went out from. The socket is not watched by the signal any more once it is
 * open.
 */
export async function openSocket(
  where: Address,
  context: Pick<OpenContext, 'signal' | 'address' | 'locate' | 'done' | 'dial'>,
): Promise<Socket> {
  context.signal.throwIfAborted();
  if (context.dial) {
    const line = await context.dial(where, context.signal);
    context.done?.('tcp');
    return line;
  }
  const { host, port } = context.address ?? (await context.locate(where));
  context.signal.throwIfAborted();
  const socket = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
  await opened(socket, 'connect', context.signal);
  context.done?.('tcp', socket.localAddress === undefined ? {} : { egress_ip: socket.localAddress });
  return socket;
}

/** Puts TLS over an open socket, or over a stream that lies on one. Rejects with TLS_FAILED where the peer is not trusted or speaks no TLS. */
export async function secureSocket(
  socket: Duplex,
  options: ConnectionOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  let secured: TLSSocket;
  try {
    signal.throwIfAborted();
    secured = connectTls({ ...options, socket });
  } catch (error) {
    // A PEM text that OpenSSL cannot read throws here.
    socket.destroy();
    throw toConnectorError(error, {}, 'TLS_FAILED');
  }
  return opened(secured, 'secureConnect', signal).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
}

/** The context for another server than the one that the connection names: it is located by itself, and no step of the test. */
export function elsewhere({ signal, locate, dial }: OpenContext): OpenContext {
  return { signal, locate, ...(dial ? { dial } : {}) };
}

function opened<T extends Socket>(
  socket: T,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onOpen).off('error', onError);
    };
    const onOpen = (): void => {
      settle();
      resolve(socket);
    };
    const fail = (reason: Error): void => {
      settle();
      // A destroyed socket may still report an error, and one without a listener ends the process.
      socket.on('error', () => undefined).destroy();
      reject(reason);
    };
    const onAbort = (): void => fail(signal.reason as Error);
    const onError = (error: NodeJS.ErrnoException): void =>
      fail(
        // Node's own words for a peer that hung up in the handshake: it does not speak TLS. A reset has a syscall.
        event === 'secureConnect' && error.code === 'ECONNRESET' && error.syscall === undefined
          ? new AppError('TLS_FAILED', 'The server closed the connection instead of setting up TLS.')
          : toConnectorError(error, {}, event === 'secureConnect' ? 'TLS_FAILED' : 'UNREACHABLE'),
      );
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once(event, onOpen).on('error', onError);
  });
}
