import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import {
  openSocket,
  secureSocket,
  tlsOptions,
  toConnectorError,
  type OpenContext,
  type TlsConfig,
} from '../../spi/index.js';
import { NatsLine } from './nats-line.js';
import { NatsReader } from './nats-reader.js';
import { Nkey } from './nkey.js';

export interface NatsConfig {
  readonly host: string;
  readonly port?: number;
  readonly domain?: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly nkey_seed?: string;
  readonly jwt?: string;
  readonly tls?: TlsConfig;
}

interface Greeting {
  readonly version?: unknown;
  readonly nonce?: unknown;
  readonly tls_required?: unknown;
  readonly tls_available?: unknown;
}

/** Dials, waits for the greeting, puts TLS over the line where the connection wants it, and logs in. */
export async function openNats(config: NatsConfig, context: OpenContext): Promise<NatsLine> {
  const { host, port = 4222, domain } = config;
  let socket = await openSocket({ host, port }, context);
  const destroy = (): void => void socket.destroy();
  context.signal.addEventListener('abort', destroy, { once: true });
  try {
    context.signal.throwIfAborted();
    const greeting = await greetingOf(socket);
    const secure = tlsOptions(host, config.tls);
    if (secure) {
      if (greeting.tls_required !== true && greeting.tls_available !== true)
        throw new AppError('TLS_FAILED', 'The server offers no TLS.');
      const secured = await secureSocket(socket, secure, context.signal);
      context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown' });
      socket = secured;
    }
    const line = new NatsLine(socket, domain === undefined ? '$JS.API' : `$JS.${domain}.API`);
    await line.logIn(loginOf(config, greeting, secure !== undefined));
    context.done?.('auth');
    const { version } = greeting;
    line.server = {
      product: 'NATS',
      version: typeof version === 'string' ? version.slice(0, 100) : 'unknown',
    };
    await line.ask('INFO', {});
    context.done?.('database', { domain: domain ?? 'default' });
    return line;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    context.signal.removeEventListener('abort', destroy);
  }
}

function loginOf(config: NatsConfig, { nonce }: Greeting, secure: boolean): Record<string, unknown> {
  const { username, password, token, nkey_seed: seed, jwt } = config;
  const key = seed === undefined ? undefined : Nkey.of(seed);
  return {
    verbose: false,
    pedantic: false,
    lang: 'node',
    name: 'datawave-data-sources',
    version: '1.0.0',
    protocol: 1,
    headers: true,
    // Where nobody listens the server says so at once.
    no_responders: true,
    tls_required: secure,
    ...(username === undefined ? {} : { user: username, pass: password ?? '' }),
    ...(token === undefined ? {} : { auth_token: token }),
    ...(jwt === undefined ? (key ? { nkey: key.name } : {}) : { jwt }),
    ...(key && typeof nonce === 'string' ? { sig: key.sign(nonce) } : {}),
  };
}

/** The INFO with which a server begins, in clear. What follows it before TLS would come from somebody else. */
function greetingOf(socket: Socket): Promise<Greeting> {
  const reader = new NatsReader();
  return new Promise<Greeting>((resolve, reject) => {
    const settle = (): void => {
      socket.off('data', onData).off('error', onError).off('close', onClose);
      // A socket without a listener for errors ends the process.
      socket.on('error', () => undefined);
    };
    const onData = (chunk: Buffer): void => {
      try {
        const [frame, ...more] = reader.add(chunk);
        if (frame === undefined) return;
        settle();
        socket.pause();
        if (frame.op !== 'line' || !/^INFO \{/i.test(frame.text) || more.length > 0 || reader.rest > 0)
          throw new AppError('PROTOCOL', 'The source does not speak the expected protocol.');
        resolve(JSON.parse(frame.text.slice(5)) as Greeting);
      } catch (error) {
        settle();
        reject(toConnectorError(error, {}, 'PROTOCOL'));
      }
    };
    const onError = (error: Error): void => {
      settle();
      reject(toConnectorError(error, {}, 'UNREACHABLE'));
    };
    const onClose = (): void => {
      settle();
      reject(new AppError('UNREACHABLE', 'The source closed the connection.'));
    };
    socket.on('data', onData).on('error', onError).on('close', onClose);
  });
}
