import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Connection, ConnectionConfiguration } from 'tedious';
import { AppError } from '../../../common/app-error.js';
import type { PreloginAnswer } from './prelogin.js';
import type { Wire } from './wire.js';

/** What tedious keeps to itself and this file takes hold of; see `guardDriver`. */
interface Inside {
  sendPreLogin(): void;
  readPreloginResponse(): Promise<{ encryptionString: string; fedAuthRequired: number }>;
  createTokenStreamParser(message: unknown, handler: TokenHandler): TokenParser;
  performSentLogin7WithStandardLogin(ended: AbortSignal): Promise<unknown>;
  readonly routingData?: { readonly server: string; readonly port: number } | undefined;
}

type TokenParser = EventEmitter & { readonly parser: EventEmitter };
type Token = { readonly handlerName: string; readonly newValue?: unknown };
type TokenHandler = Record<string, (token: Token) => void>;

/** What a packet may measure by the protocol. */
const PACKET = { least: 512, most: 32_767 };

const PARTS = [
  'sendPreLogin',
  'readPreloginResponse',
  'createTokenStreamParser',
  'performSentLogin7WithStandardLogin',
] as const satisfies readonly (keyof Inside)[];

export interface Guards {
  /** The wire that `connector` gave last. */
  readonly wire: () => Wire;
  /** Ends the line at once: whoever waits for an answer must have been refused when this returns. */
  readonly refuse: (fault: AppError) => void;
  readonly loggedIn: () => boolean;
}

/** Where the server sends us on to; undefined as long as it did not. */
export function reroutedTo(connection: Connection): { host: string; port: number } | undefined {
  const { routingData } = connection as unknown as Inside;
  return routingData && { host: routingData.server, port: routingData.port };
}

/**
 * Takes from tedious what it must not do, and what ends the process or never ends where a server wants it so: the first
 * exchange and TLS are ours; a token that it cannot parse is an unhandled event; one that it does not expect is thrown
 * into nowhere; a packet size of 8 is an endless loop; a parser that failed leaves its caller waiting; a refusal that
 * the server hangs up after is taken for a lost line.
 */
export function guardDriver(connection: Connection, { wire, refuse, loggedIn }: Guards): void {
  const inside = connection as unknown as Inside;
  for (const part of PARTS)
    if (typeof inside[part] !== 'function')
      throw new AppError('DRIVER_MISSING', 'This version of tedious does not fit.');
  inside.sendPreLogin = () => undefined;
  inside.readPreloginResponse = () => Promise.resolve(asAnswered(wire().answer));
  const login = inside.performSentLogin7WithStandardLogin.bind(connection);
  inside.performSentLogin7WithStandardLogin = () => login(closing(wire().stream));
  const create = inside.createTokenStreamParser.bind(connection);
  inside.createTokenStreamParser = (message, handler) => {
    const parser = create(message, handler);
    const end = (fault: AppError): void => {
      refuse(fault);
      // A login waits for this; for a statement it would mean that all its rows came.
      if (loggedIn()) parser.removeAllListeners('end');
      else parser.emit('end');
    };
    const onFault = (): void => end(new AppError('PROTOCOL', 'The server does not speak TDS as expected.'));
    parser.parser.on('error', onFault);
    // A loss in the middle of an answer is told to nobody who waits for its end.
    const { stream } = wire();
    const onClose = (): void => end(closed());
    stream.once('close', onClose);
    parser.once('end', () => stream.off('close', onClose));
    parser.parser.removeAllListeners('data').on('data', (token: Token | undefined) => {
      try {
        if (token) take(handler, token);
      } catch {
        onFault();
      }
    });
    return parser;
  };
}

function take(handler: TokenHandler, token: Token): void {
  if (token.handlerName === 'onPacketSizeChange') checkPacketSize(token.newValue);
  handler[token.handlerName]?.(token);
}

/** Aborts when the line is gone, and what it said last was read: its end comes together with that. */
function closing(stream: Duplex): AbortSignal {
  const controller = new AbortController();
  stream.once('close', () => setImmediate(() => controller.abort(closed())));
  return controller.signal;
}

const closed = (): AppError => new AppError('UNREACHABLE', 'The server closed the connection.');

/** The line is encrypted already, as far as it will be. */
function asAnswered({ federated }: PreloginAnswer): { encryptionString: string; fedAuthRequired: number } {
  return { encryptionString: 'NOT_SUP', fedAuthRequired: federated ? 1 : 0 };
}

function checkPacketSize(size: unknown): void {
  if (typeof size !== 'number' || !(size >= PACKET.least && size <= PACKET.most))
    throw new AppError('PROTOCOL', 'The server wants an impossible packet size.');
}

/** What tedious is told. Nothing comes from the environment, and nothing is retried: a second try may lock an account. */
export function driverOptions(
  server: string,
  database: string,
  connector: () => Promise<Socket>,
): Pick<ConnectionConfiguration, 'server'> & { options: NonNullable<ConnectionConfiguration['options']> } {
  return {
    server,
    options: {
      database,
      connector,
      // TLS is set up already, by us.
      encrypt: false,
      trustServerCertificate: false,
      appName: 'datawave',
      workstationId: 'datawave',
      // The signal is the deadline; zero would mean at once.
      connectTimeout: 2 ** 31 - 1,
      requestTimeout: 0,
      maxRetriesOnTransientErrors: 0,
      packetSize: 8_000,
      readOnlyIntent: false,
      fallbackToDefaultDb: false,
      useColumnNames: false,
      rowCollectionOnDone: false,
      rowCollectionOnRequestCompletion: false,
    },
  };
}
