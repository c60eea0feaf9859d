import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import type { RecordsLine } from '../../families/records/records-driver.js';
import { guard, Meter, toConnectorError, type ServerInfo } from '../../spi/index.js';
import { NatsReader, type NatsFrame } from './nats-reader.js';

/** No answer that is asked for is near this. */
const MAX_ANSWER_BYTES = 80_000_000;
/** A server that says nothing for so long within one request is lost, whatever the whole work may still take. */
const REQUEST_MS = 30_000;

interface Waiting {
  readonly subject: string;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: AppError) => void;
}

interface Answer {
  /** Status line and headers; empty where there are none. */
  readonly head: string;
  readonly body: Buffer;
}

/** One connection that is logged in: requests and their answers, over one subscription to an inbox of our own. */
export class NatsLine implements RecordsLine {
  server: ServerInfo = { product: 'NATS', version: 'unknown' };
  private readonly reader = new NatsReader();
  private readonly meter = new Meter(MAX_ANSWER_BYTES);
  private readonly inbox = `_INBOX.${randomBytes(12).toString('hex')}`;
  private readonly requests = new Map<string, Waiting>();
  private readonly pongs: Waiting[] = [];
  private count = 0;
  private lost: AppError | undefined;

  /**
   * @param socket open, past INFO and TLS; the line owns it from now on.
   * @param api prefix of the JetStream API.
   */
  constructor(
    private readonly socket: Socket,
    private readonly api: string,
  ) {
    guard(socket, this.meter);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.reader.add(chunk)) this.take(frame);
    });
    socket.on('error', (error) => this.fail(toConnectorError(error, {}, 'UNREACHABLE')));
    socket.on('close', () => this.fail(new AppError('UNREACHABLE', 'The source closed the connection.')));
    // Whoever read the greeting stopped it, so that nothing is lost on the way to here.
    socket.resume();
  }

  get usable(): boolean {
    return this.lost === undefined;
  }

  /** Sends CONNECT, and waits for the answer to a PING: only then has the server judged the login. */
  async logIn(options: Readonly<Record<string, unknown>>): Promise<void> {
    this.socket.write(`CONNECT ${JSON.stringify(options)}\r\n`);
    await this.ping();
    this.socket.write(`SUB ${this.inbox}.* 1\r\n`);
  }

  ping(): Promise<void> {
    return this.wait('PING', (waiting) => {
      this.pongs.push(waiting);
      this.socket.write('PING\r\n');
    }).then(() => undefined);
  }

  /**
   * The answer of the JetStream API to a request, such as `STREAM.LIST`.
   *
   * @throws AppError; DATABASE_NOT_FOUND where no JetStream answers at all.
   */
  async ask(name: string, request: unknown): Promise<Readonly<Record<string, unknown>>> {
    const subject = `${this.api}.${name}`;
    const payload = JSON.stringify(request);
    const { head, body } = await this.wait(subject, (waiting) => {
      const token = String(++this.count);
      this.requests.set(token, waiting);
      const bytes = String(Buffer.byteLength(payload));
      this.socket.write(`PUB ${subject} ${this.inbox}.${token} ${bytes}\r\n${payload}\r\n`);
    });
    if (head.startsWith('NATS/1.0 503')) throw noJetStream();
    const answer = parsed(body);
    const { error } = answer as { error?: { code?: unknown; err_code?: unknown } };
    if (error === undefined) return answer;
    throw faultOf(error.code, error.err_code);
  }

  close(): Promise<void> {
    this.destroy();
    return Promise.resolve();
  }

  destroy(): void {
    this.fail(new AppError('UNREACHABLE', 'The line to the source was closed.'));
  }

  private async wait(subject: string, send: (waiting: Waiting) => void): Promise<Answer> {
    if (this.lost) throw this.lost;
    this.meter.received = 0;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        timer = setTimeout(
          () => this.fail(new AppError('TIMEOUT', 'The source did not answer in time.')),
          REQUEST_MS,
        );
        send({ subject, resolve, reject });
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private take(frame: NatsFrame): void {
    if (frame.op === 'message') {
      const token = frame.subject.slice(this.inbox.length + 1);
      const waiting = this.requests.get(token);
      this.requests.delete(token);
      waiting?.resolve(frame);
      return;
    }
    const [word = ''] = frame.text.split(' ', 1);
    switch (word.toUpperCase()) {
      case 'PONG':
        this.pongs.shift()?.resolve({ head: '', body: Buffer.alloc(0) });
        break;
      case 'PING':
        this.socket.write('PONG\r\n');
        break;
      case '-ERR':
        this.refuse(frame.text);
        break;
      case 'INFO':
      case '+OK':
        break;
      default:
        this.fail(new AppError('PROTOCOL', 'The source does not speak the expected protocol.'));
    }
  }

  /** An error of the server stands by itself; only a permission that is missing names the subject it is about. */
  private refuse(text: string): void {
    const denied = /permissions violation for \w+ to "([^"]*)"/i.exec(text);
    if (!denied) {
      this.fail(refusal(text));
      return;
    }
    for (const [token, waiting] of this.requests) {
      // Of an inbox that may not be subscribed to no answer ever comes.
      if (waiting.subject !== denied[1] && !denied[1]?.startsWith(this.inbox)) continue;
      this.requests.delete(token);
      waiting.reject(
        new AppError('PERMISSION_DENIED', 'The account is not allowed to do this on the source.'),
      );
    }
  }

  private fail(reason: AppError): void {
    this.lost ??= reason;
    this.socket.destroy();
    const all = [...this.requests.values(), ...this.pongs.splice(0)];
    this.requests.clear();
    for (const { reject } of all) reject(this.lost);
  }
}

/** What `-ERR` means; its words are fixed, and told by none of ours. */
function refusal(text: string): AppError {
  if (/authorization violation|authentication|user authentication|account authentication/i.test(text))
    return new AppError('AUTH_FAILED', 'The source refused the credentials.');
  if (/tls required|secure connection/i.test(text))
    return new AppError('TLS_FAILED', 'The server wants TLS, and the connection says not to use it.');
  if (/maximum connections|maximum account/i.test(text))
    return new AppError('BUSY', 'The source or the product has no free connection.');
  return new AppError('PROTOCOL', 'The source refused the connection.');
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Told below.
  }
  throw new AppError('PROTOCOL', 'The answer of the source is not JSON.');
}

function noJetStream(): AppError {
  return new AppError(
    'DATABASE_NOT_FOUND',
    'No JetStream answers: it is not switched on, or not in this domain.',
  );
}

/** JetStream's own errors: HTTP-like statuses with numbers of their own. */
function faultOf(code: unknown, number: unknown): AppError {
  const said = typeof number === 'number' ? ` (${String(number)})` : '';
  // 10039: not for this account; 10076: not at all.
  if (number === 10_039 || number === 10_076) return noJetStream();
  if (code === 503) return new AppError('THROTTLED', `The source is not available for now.${said}`);
  if (code === 404) return new AppError('QUERY_FAILED', `It is not there any more.${said}`);
  return new AppError('QUERY_FAILED', `The source failed to answer a query.${said}`);
}
