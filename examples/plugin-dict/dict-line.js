import { createHash } from 'node:crypto';
import {
  AppError,
  guard,
  Meter,
  openSocket,
  secureSocket,
  tlsOptions,
  toConnectorError,
} from 'datawave-data-sources/spi';

/** A server that sends more than this in one answer is not to be trusted with our memory. */
const MAX_ANSWER_BYTES = 4_000_000;

/** What the status of an answer means where it is no success (RFC 2229, 2.4). */
const STATUSES = {
  420: ['BUSY', 'The server is shutting down.'],
  421: ['BUSY', 'The server is shutting down.'],
  530: ['PERMISSION_DENIED', 'The server does not serve this address or account.'],
  531: ['AUTH_FAILED', 'The source refused the credentials.'],
  550: ['DATABASE_NOT_FOUND', 'The dictionary does not exist on the source.'],
};

/** One connection to a dictionary server: one command at a time, one answer each. */
export class DictLine {
  server = { product: 'DICT', version: 'unknown' };
  #socket;
  #meter = new Meter(MAX_ANSWER_BYTES);
  #text = '';
  #lost;
  /** Settles the read that waits for a line. */
  #wake = () => undefined;

  constructor(socket) {
    this.#socket = socket;
    guard(socket, this.#meter);
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      this.#text += chunk;
      this.#wake();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new AppError('UNREACHABLE', 'The source closed the connection.')));
  }

  /** Dials only where the context says, in steps that a test shows; leaves no socket behind when it rejects. */
  static async open({ host, port = 2628, database, username, password, tls }, context) {
    let socket = await openSocket({ host, port }, context);
    const secure = tlsOptions(host, tls);
    if (secure) {
      socket = await secureSocket(socket, secure, context.signal);
      context.done?.('tls', { protocol: socket.getProtocol() ?? 'unknown' });
    }
    const line = new DictLine(socket);
    const destroy = () => line.destroy();
    context.signal.addEventListener('abort', destroy, { once: true });
    try {
      const greeting = await line.#status(220);
      line.server = { product: 'DICT', version: /^220 \S+ (\S+)/.exec(greeting)?.[1] ?? 'unknown' };
      // The digest proves that we know the secret, and does not tell it.
      const id = /(<[^<>]+>)\s*$/.exec(greeting)?.[1] ?? '';
      const digest = createHash('md5')
        .update(`${id}${password ?? ''}`)
        .digest('hex');
      await line.#ask(`AUTH ${quoted(username)} ${digest}`, 230);
      context.done?.('auth');
      line.database = database;
      if (database !== undefined) await line.#block(`SHOW INFO ${quoted(database)}`, 112);
      context.done?.('database');
      return line;
    } catch (error) {
      line.destroy();
      throw error;
    } finally {
      context.signal.removeEventListener('abort', destroy);
    }
  }

  get usable() {
    return this.#lost === undefined;
  }

  async ping() {
    await this.#ask('STATUS', 210);
  }

  /** The dictionaries of the server, or the one of the connection. */
  async dictionaries() {
    const lines = await this.#block('SHOW DB', 110);
    return lines
      .map((line) => /^(\S+) "?(.*?)"?$/.exec(line))
      .filter((found) => found && (this.database === undefined || found[1] === this.database))
      .map(([, name, description]) => ({ name, description }));
  }

  async close() {
    this.destroy();
  }

  destroy() {
    this.#socket.destroy();
    this.#fail(new AppError('UNREACHABLE', 'The connection was closed.'));
  }

  async #ask(command, expected) {
    if (this.#lost) throw this.#lost;
    this.#meter.received = 0;
    this.#socket.write(`${command}\r\n`);
    return this.#status(expected);
  }

  /** The lines of a text behind a status: they end with a dot, and one in front of a line is doubled. */
  async #block(command, expected) {
    await this.#ask(command, expected);
    const lines = [];
    for (let line = await this.#line(); line !== '.'; line = await this.#line())
      lines.push(line.replace(/^\.\./, '.'));
    await this.#status(250);
    return lines;
  }

  async #status(expected) {
    const line = await this.#line();
    const status = Number(/^(\d{3}) /.exec(line)?.[1]);
    if (status === expected) return line;
    const [code, text] = STATUSES[status] ?? ['PROTOCOL', 'The source does not speak the expected protocol.'];
    throw new AppError(code, text);
  }

  async #line() {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#lost) throw this.#lost;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  #fail(error) {
    this.#lost ??= toConnectorError(error, {}, 'UNREACHABLE');
    this.#wake();
  }
}

/** A word of a command; no control character gets here, because the spec lets none through. */
function quoted(text) {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
