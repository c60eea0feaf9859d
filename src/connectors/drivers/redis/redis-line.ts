import type { Redis } from 'ioredis';
import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { guard, Meter, toConnectorError, type CodeMap, type ServerInfo } from '../../spi/index.js';
import type { RecordsLine } from '../../families/records/records-driver.js';

/** What is used of the package; it is loaded only when a session is opened. */
export type Ioredis = Pick<typeof import('ioredis'), 'Redis' | 'AbstractConnector'>;

/** A server that says nothing for so long within one command is lost, whatever the whole work may still take. */
const COMMAND_MS = 30_000;
/** No reply that we ask for is near this; a server that sends more is not to be trusted with our memory. */
const MAX_REPLY_BYTES = 64_000_000;

/** Reply prefixes and ioredis' own faults, by the words that `redisCode` makes of them. */
export const REDIS_CODES: CodeMap = {
  WRONGPASS: 'AUTH_FAILED',
  NOAUTH: 'AUTH_FAILED',
  NO_PASSWORD_SET: 'AUTH_FAILED',
  NOPERM: 'PERMISSION_DENIED',
  DENIED: 'PERMISSION_DENIED',
  DB_INDEX: 'DATABASE_NOT_FOUND',
  MAX_CLIENTS: 'BUSY',
  LOADING: 'BUSY',
  BUSY: 'BUSY',
  MASTERDOWN: 'BUSY',
  CLUSTERDOWN: 'UNREACHABLE',
  CLOSED: 'UNREACHABLE',
  // A single server that is taken for a node, or a sentinel for a server: it does not speak what is expected.
  NO_CLUSTER: 'PROTOCOL',
  ParserError: 'PROTOCOL',
};

/** Faults that Redis reports as a plain `ERR` and ioredis as a plain Error, told apart by their fixed words. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/DB index|invalid DB/i, 'DB_INDEX'],
  [/cluster support disabled/i, 'NO_CLUSTER'],
  [/max number of clients/i, 'MAX_CLIENTS'],
  [/without any password configured|no password is set/i, 'NO_PASSWORD_SET'],
  [/^ERR invalid password/i, 'WRONGPASS'],
  [/Connection is closed|isn't writeable|aborted due to connection close/i, 'CLOSED'],
];

/** The short word that stands for a fault of Redis or of ioredis: never its message, which may hold arguments. */
export function redisCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'ParserError') return error.name;
  const word = WORDS.find(([form]) => form.test(error.message))?.[1];
  return word ?? /^([A-Z]{2,20})(?: |$)/.exec(error.message)?.[1];
}

/** Whether the server answered with an error: the line is still good. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Replies of a server, or of its cluster, that cannot serve at this moment: they say nothing about what was asked for. */
const OUT_OF_SERVICE: readonly string[] = ['CLUSTERDOWN', 'MASTERDOWN', 'LOADING', 'BUSY'];

/** Whether the server understood and refused: not allowed, or not known to this version. */
function isRefusal(error: unknown): boolean {
  return isReply(error) && !OUT_OF_SERVICE.includes(redisCode(error) ?? '');
}

/** One ioredis client over a socket that is open already: no reconnects, no queue, no retry, nothing of its own. */
export class RedisLine implements RecordsLine {
  server: ServerInfo = { product: 'Redis', version: 'unknown' };
  /** The servers that hold the keys: this one, or the masters of its cluster. */
  findNodes: FindNodes = alone;
  /** What a scope lacks from the start, whatever is read of it. */
  caveat: string | undefined;
  private lost: Error | undefined;
  private readonly meter = new Meter(MAX_REPLY_BYTES);

  private constructor(
    private readonly client: Redis,
    private readonly socket: Socket,
    /** The database of the connection; undefined where it names none. */
    readonly database: number | undefined,
  ) {
    guard(socket, this.meter);
    // The only place where the reason of a lost socket is told; without a listener it would end the process.
    client.on('error', (error: Error) => (this.lost ??= error));
  }

  /** @param socket an open socket, TLS already set up; the line owns it from now on. */
  static async over(ioredis: Ioredis, socket: Socket, database?: number): Promise<RedisLine> {
    class OpenSocket extends ioredis.AbstractConnector {
      constructor() {
        super(0);
      }
      connect(): Promise<Socket> {
        this.stream = socket;
        return Promise.resolve(socket);
      }
      // ioredis would only end it, and a frozen server never answers that.
      override disconnect(): void {
        socket.destroy();
      }
    }
    const client = new ioredis.Redis({
      Connector: OpenSocket,
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      disableClientInfo: true,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_MS,
    });
    const line = new RedisLine(client, socket, database);
    await line.run(() => client.connect());
    return line;
  }

  get usable(): boolean {
    return this.client.status === 'ready' && !this.socket.destroyed;
  }

  /** Bytes that came from the server so far. */
  get bytesRead(): number {
    return this.socket.bytesRead;
  }

  /** Sends commands through the client; rejects with an AppError, or with the ReplyError of a refusal. */
  async run<T>(commands: (client: Redis) => Promise<T>): Promise<T> {
    this.meter.received = 0;
    try {
      return await commands(this.client);
    } catch (error) {
      if (isReply(error)) throw error;
      if (error instanceof Error && error.message === 'Command timed out')
        this.fail(new AppError('TIMEOUT', `The source did not answer within ${String(COMMAND_MS)} ms.`));
      throw this.lost instanceof AppError ? this.lost : redisError(this.lost ?? error);
    }
  }

  /** As `run`, but a refusal gives undefined: for facts that an account may do without. */
  async ask<T>(commands: (client: Redis) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.run(commands);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  }

  async ping(): Promise<void> {
    try {
      await this.run((client) => client.ping());
    } catch (error) {
      // An account that may not PING was still recognised by a server that still serves.
      if (redisCode(error) !== 'NOPERM') throw redisError(error);
    }
  }

  async close(): Promise<void> {
    if (this.usable) await Promise.race([this.client.quit().catch(() => undefined), pause(1_000)]);
    this.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private fail(reason: AppError): void {
    this.lost ??= reason;
    this.destroy();
  }
}

/**
 * One server that holds keys. A fault of the line of the session ends the work; one of another node ends that node, and so does
 * a cluster that is down for want of slots.
 */
export class RedisNode {
  /** Why the rest of it is not read. */
  fault: string | undefined;

  constructor(
    readonly name: string,
    readonly line: RedisLine,
    /** Whether it is the line of the session itself. */
    readonly own: boolean,
  ) {}

  /** Undefined where the node failed, now or before. @throws AppError for the session's own line. */
  async attempt<T>(work: (line: RedisLine) => Promise<T>): Promise<T | undefined> {
    if (this.fault !== undefined) return undefined;
    try {
      return await work(this.line);
    } catch (error) {
      const fault = redisError(error);
      const slotsAreDown = redisCode(error) === 'CLUSTERDOWN';
      if (this.own && !slotsAreDown) throw fault;
      this.fault = slotsAreDown ? 'slots of the cluster are down (CLUSTERDOWN)' : fault.message;
      return undefined;
    }
  }
}

/** The servers of one read, and what is known to be missing. */
export interface Reach {
  readonly nodes: readonly RedisNode[];
  readonly missing: readonly string[];
}

/** How the servers of a scope are reached; lines other than the session's are closed by the caller. */
export type FindNodes = (line: RedisLine, signal: AbortSignal) => Promise<Reach>;

const alone: FindNodes = (line) =>
  Promise.resolve({ nodes: [new RedisNode('the server', line, true)], missing: [] });

/** An AppError of a fault of Redis or ioredis. */
export function redisError(error: unknown): AppError {
  const code = redisCode(error);
  // What has no code at all is a parser that gave up on what it read.
  if (code === undefined) return toConnectorError(error, REDIS_CODES, 'PROTOCOL');
  return toConnectorError({ code }, REDIS_CODES);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());
