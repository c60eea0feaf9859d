import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { AppError } from '../../../common/app-error.js';
import { openSocket, secureSocket, tlsOptions } from '../../spi/dial.js';
import type { OpenContext } from '../../spi/index.js';
import type { PostgresqlConfig } from './spec.js';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 'S';
const NO = 'N';

/** An open socket, over which nothing was said yet but the setting up of TLS. */
export interface Wire {
  readonly socket: Socket;
  /** The server was proven to be the right one: only then may a password be sent in clear. */
  readonly verified: boolean;
}

/**
 * Dials the pinned address, sets TLS up where the connection asks for it, and never goes on without. Our own instead of
 * pg's, which takes the name that it checks from the address that it dials.
 */
export async function openWire(config: PostgresqlConfig, context: OpenContext): Promise<Wire> {
  const tls = tlsOptions(config.host, config.tls);
  const socket = await openSocket({ host: config.host, port: config.port ?? 5432 }, context);
  if (!tls) return { socket, verified: false };
  await requestTls(socket, context.signal);
  const secured = await secureSocket(socket, tls, context.signal);
  const verified = tls.rejectUnauthorized !== false;
  context.done?.('tls', { ...factsOf(secured), verified });
  return { socket: secured, verified };
}

/** Asks for TLS. One byte and no more may come back: what follows it in clear could be made up by a third party. */
function requestTls(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (fault?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('data', onData).off('close', onClose);
      if (fault === undefined) {
        socket.off('error', onError).pause();
        resolve();
      } else {
        socket.destroy();
        reject(fault);
      }
    };
    const onAbort = (): void => settle(signal.reason as Error);
    const onError = (error: Error): void => settle(error);
    const onClose = (): void =>
      settle(new AppError('TLS_FAILED', 'The server closed the connection when it was asked for TLS.'));
    const onData = (answer: Buffer): void => {
      const text = answer.toString('latin1');
      if (text === YES) settle();
      else if (text === NO) settle(new AppError('TLS_FAILED', 'The server does not offer TLS.'));
      else settle(new AppError('PROTOCOL', 'The server does not speak the PostgreSQL protocol.'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.on('error', onError).on('close', onClose).on('data', onData);
    socket.write(SSL_REQUEST);
  });
}

/** A chunk of a socket as Node reads it. */
const TURN_BYTES = 64 * 1024;

/**
 * Lets other work in while much comes over a socket: left to itself it hands over up to two megabytes at once, which
 * takes pg's parser tens of milliseconds.
 */
export function readInTurns(socket: Socket): void {
  let taken = 0;
  socket.on('data', (chunk: Buffer) => {
    taken += chunk.length;
    if (taken < TURN_BYTES) return;
    taken = 0;
    socket.pause();
    setImmediate(() => socket.resume());
  });
}

function factsOf(socket: TLSSocket): { protocol: string; cipher: string } {
  return { protocol: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name };
}
