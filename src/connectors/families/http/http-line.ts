import { setImmediate as nextTurn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { Dispatcher, Pool } from 'undici';
import { abortable } from '../../../common/abortable.js';
import { AppError } from '../../../common/app-error.js';
import {
  openSocket,
  secureSocket,
  toConnectorError,
  tlsOptions,
  type CodeMap,
  type OpenContext,
  type TlsConfig,
} from '../../spi/index.js';
import { Callers } from './callers.js';

export interface HttpServer {
  /** `https://host:port`; what follows the port does not matter. */
  readonly origin: URL;
  /** For `https`; without it everything is verified. */
  readonly tls?: TlsConfig | undefined;
  /** Sockets at most; calls beyond wait for one. */
  readonly sockets?: number;
}

export interface HttpCall {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, encoded, beginning with a slash; see `pathOf`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
  /** An answer with more bytes is refused; 16 MB unless told. */
  readonly maxBytes?: number;
  /** Leaves a body packed that says that it is: a file is read as it is stored. */
  readonly asStored?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer with more bytes than were allowed for; it was cut off. */
export class AnswerTooLong extends AppError {
  constructor(maxBytes: number) {
    super('PROTOCOL', `The answer of the source is longer than ${String(maxBytes)} bytes.`);
  }
}

const MAX_BYTES = 16 * 1024 * 1024;
/** For a socket that a call needs later than at the opening. */
const CONNECT_MS = 15_000;

const HTTP_CODES: CodeMap = {
  UND_ERR_SOCKET: 'UNREACHABLE',
  UND_ERR_CONNECT_TIMEOUT: 'TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'TIMEOUT',
  UND_ERR_BODY_TIMEOUT: 'TIMEOUT',
  UND_ERR_HEADERS_OVERFLOW: 'PROTOCOL',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'PROTOCOL',
  UND_ERR_DESTROYED: 'UNREACHABLE',
  UND_ERR_CLOSED: 'UNREACHABLE',
};

/**
 * One HTTP server under the rules of every source: dialled only where the context says, TLS as the connection says, no
 * redirect followed (what the source names is not where a secret may go), bounded answers, no proxy or credential from the
 * environment. It keeps its sockets for the next call.
 */
export class HttpLine {
  private lost = false;

  private constructor(
    private readonly pool: Pool,
    private readonly base: URL,
    private readonly gone: AbortController,
    private readonly callers: Callers,
  ) {}

  /** Makes the line. Nothing is dialled before the first call; that reports the steps `tcp` and `tls`. */
  static async over({ origin, tls, sockets = 4 }: HttpServer, context: OpenContext): Promise<HttpLine> {
    const { Pool } = await import('undici');
    const gone = new AbortController();
    const callers = new Callers();
    let opening: OpenContext | undefined = context;
    const connect = async (): Promise<import('node:net').Socket> => {
      // undici dials anew for a call that was aborted, to find out then that nobody waits for it.
      callers.throwIfNone();
      // The steps of a test are those of the first socket; later ones have a deadline of their own.
      const current = opening ?? { ...context, done: () => undefined };
      const deadline = opening ? context.signal : AbortSignal.timeout(CONNECT_MS);
      opening = undefined;
      const signal = AbortSignal.any([gone.signal, callers.left, deadline]);
      const port = Number(origin.port || (origin.protocol === 'https:' ? 443 : 80));
      const host = origin.hostname.replace(/^\[|\]$/g, '');
      const socket = await openSocket({ host, port }, { ...current, signal });
      if (origin.protocol !== 'https:') return socket;
      const secured = await secureSocket(
        socket,
        { ...tlsOptions(host, tls), ALPNProtocols: ['http/1.1'] },
        signal,
      );
      current.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown' });
      return secured;
    };
    const pool = new Pool(origin.origin, {
      connections: sockets,
      pipelining: 1,
      // The caller's signal is the deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, callback) => {
        connect().then(
          (socket) => callback(null, socket),
          (error: unknown) => callback(error as Error, null),
        );
      },
    });
    return new HttpLine(pool, origin, gone, callers);
  }

  /** False once the line was closed. A socket that was lost is replaced by the next call. */
  get usable(): boolean {
    return !this.lost;
  }

  /**
   * Sends one request and gives the whole answer, whatever its status; see `expectOk`.
   *
   * @throws AppError of a connector code, or the signal's reason.
   */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const { method = 'GET', path, headers = {}, body, maxBytes = MAX_BYTES, asStored = false } = call;
    // Of this call alone: of one signal of many calls at once, each would take several listeners.
    const signal = AbortSignal.any([call.signal]);
    signal.throwIfAborted();
    const leave = this.callers.join(signal);
    try {
      // undici looks at the signal of a call again when its socket is there, which is too late for a caller who left.
      const answer = await abortable(
        this.pool.request({
          method,
          path,
          headers: { 'user-agent': 'datawave-data-sources', ...headers },
          body: body ?? null,
          signal,
        }),
        signal,
      );
      const plainHeaders = plain(answer.headers);
      const raw = await whole(answer.body, maxBytes);
      // undici takes the socket for busy until the next turn: a call right behind this one would dial once more.
      await nextTurn();
      return {
        status: answer.statusCode,
        headers: plainHeaders,
        body: plainHeaders['content-encoding'] === 'gzip' && !asStored ? await unpacked(raw, maxBytes) : raw,
      };
    } catch (error) {
      throw signal.aborted ? signal.reason : toConnectorError(error, HTTP_CODES, 'PROTOCOL');
    } finally {
      leave();
    }
  }

  /** Sends a request whose answer is JSON. @throws as `call` and `expectOk`, and PROTOCOL where the answer is not JSON. */
  async json(call: HttpCall): Promise<unknown> {
    const answer = expectOk(
      await this.call({ ...call, headers: { accept: 'application/json', ...call.headers } }),
    );
    return jsonOf(answer);
  }

  /** `host:port` of the server, for headers that are signed. */
  get host(): string {
    return this.base.host;
  }

  destroy(): void {
    this.lost = true;
    this.gone.abort(new AppError('UNREACHABLE', 'The line to the source was closed.'));
    void this.pool.destroy().catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.lost) return;
    this.lost = true;
    await this.pool.destroy().catch(() => undefined);
    this.gone.abort(new AppError('UNREACHABLE', 'The line to the source was closed.'));
  }
}

/** The server that a connection of host, port and TLS names. */
export function httpServer(config: {
  readonly host: string;
  readonly port?: number;
  readonly tls?: TlsConfig;
}): HttpServer {
  const { host, port, tls } = config;
  const scheme = tls?.mode === 'disable' ? 'http' : 'https';
  const name = host.includes(':') ? `[${host}]` : host;
  return { origin: new URL(`${scheme}://${name}${port === undefined ? '' : `:${String(port)}`}`), tls };
}

/** The answer itself where its status is 2xx; otherwise throws the AppError that the status means. */
export function expectOk(answer: HttpAnswer): HttpAnswer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw httpFault(answer.status);
}

/** What a status that is no success means. A driver that knows more from the body throws its own. */
export function httpFault(status: number): AppError {
  if (status >= 300 && status < 400)
    return new AppError(
      'PROTOCOL',
      `The server answered with a redirect (HTTP ${String(status)}), which is not followed.`,
      {
        hint: 'Give the address that it redirects to, if you trust it.',
      },
    );
  const found = STATUSES[status];
  if (found) return new AppError(found[0], `${found[1]} (HTTP ${String(status)})`);
  return new AppError('QUERY_FAILED', `The source failed to answer. (HTTP ${String(status)})`);
}

const STATUSES: Readonly<
  Record<
    number,
    readonly ['AUTH_FAILED' | 'PERMISSION_DENIED' | 'THROTTLED' | 'UNREACHABLE' | 'TIMEOUT', string]
  >
> = {
  401: ['AUTH_FAILED', 'The source refused the credentials.'],
  403: ['PERMISSION_DENIED', 'The account is not allowed to do this on the source.'],
  408: ['TIMEOUT', 'The source gave up waiting.'],
  429: ['THROTTLED', 'The source refuses more work for now.'],
  502: ['UNREACHABLE', 'A server in front of the source cannot reach it.'],
  503: ['THROTTLED', 'The source is not available for now.'],
  504: ['TIMEOUT', 'A server in front of the source waited too long for it.'],
};

/** The body as JSON. @throws AppError PROTOCOL. */
export function jsonOf({ body }: HttpAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AppError('PROTOCOL', 'The answer of the source is not JSON.');
  }
}

/** A path of encoded segments, with a query. Values that are undefined are left out. */
export function pathOf(
  segments: readonly string[],
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const path = segments.map((segment) => `/${encodeURIComponent(segment)}`).join('') || '/';
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`],
  );
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
}

function plain(headers: Dispatcher.ResponseData['headers']): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

async function whole(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new AnswerTooLong(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const unzip = promisify(gunzip);

/** Some servers pack what nobody asked them to. */
async function unpacked(body: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch {
    throw new AppError(
      'PROTOCOL',
      `The packed answer of the source cannot be unpacked into ${String(maxBytes)} bytes.`,
    );
  }
}
