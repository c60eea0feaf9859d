import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Certificate } from '../support/certificates.js';
import {
  parseBatch,
  parseLogin,
  parseProcedure,
  type LoginRequest,
  type SqlRequest,
} from './tds-requests.js';
import { doneToken, errorToken, loginTokens, procedureEnd, resultTokens, type Cell } from './tds-tokens.js';

const PACKET = { batch: 1, procedure: 3, answer: 4, attention: 6, login: 16, prelogin: 18 } as const;
const TLS_HANDSHAKE = 0x16;
const HEADER = 8;
const PACKET_BYTES = 4_096;
const ENCRYPT = { on: 1, not_supported: 2, required: 3 } as const;

export interface ResultSet {
  readonly columns: number;
  readonly rows: readonly (readonly Cell[])[];
}

export interface TdsDoubleOptions {
  readonly certificate: Certificate;
  /** What it says to a client that may encrypt; `on` unless told. */
  readonly encryption?: keyof typeof ENCRYPT;
  /** The number of the error that a login fails with; nothing where it is right. */
  readonly refuse: (login: LoginRequest) => number | undefined;
  /** Rows, or the number of an error. */
  readonly answer: (request: SqlRequest) => ResultSet | number;
  /** Bytes to say instead of an answer; undefined for the right one. */
  readonly instead?: (to: 'login' | 'request', number: number) => Buffer | undefined;
}

/**
 * Stands in for SQL Server: TDS 7.4 with TLS inside of PRELOGIN packets, TDS 8 where the first byte is TLS, LOGIN7 with a
 * check of the password or the token, batches, sp_executesql and attention. It executes no SQL: `answer` has the rows.
 */
export class TdsDouble {
  readonly host = '127.0.0.1';
  readonly logins: LoginRequest[] = [];
  readonly requests: SqlRequest[] = [];
  /** Everything that came in clear. */
  readonly heard: Buffer[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly listener: Server,
    readonly options: TdsDoubleOptions,
  ) {}

  static async start(options: TdsDoubleOptions): Promise<TdsDouble> {
    const listener = createServer({ noDelay: true });
    const double = new TdsDouble(listener, options);
    listener.on('connection', (socket) => double.accept(socket));
    await new Promise<void>((resolve) => listener.listen(0, double.host, resolve));
    return double;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const strict = first[0] === TLS_HANDSHAKE;
      if (strict) new Conversation(this, this.secured(socket, ['tds/8.0']));
      else new Conversation(this, socket, (under) => this.secured(under));
      if (!strict) socket.on('data', (chunk: Buffer) => this.heard.push(chunk)).resume();
    });
  }

  private secured(under: Duplex, protocols: string[] = []): TLSSocket {
    const { cert, key } = this.options.certificate;
    const line = new TLSSocket(under, {
      isServer: true,
      cert,
      key,
      ...(protocols.length > 0 ? { ALPNProtocols: protocols } : {}),
    });
    line.on('error', () => under.destroy());
    return line;
  }
}

/** One client. */
class Conversation {
  private data = Buffer.alloc(0);
  private message: Buffer[] = [];
  private federated = false;
  private answered = 0;

  /** @param secure is given where TLS may come after the first exchange. */
  constructor(
    private readonly double: TdsDouble,
    private line: Duplex,
    private readonly secure?: (under: Duplex) => Duplex,
  ) {
    this.listen(line);
  }

  private listen(line: Duplex): void {
    this.line = line;
    line.on('error', () => undefined);
    line.on('data', (chunk: Buffer) => {
      if (this.line !== line) return;
      this.data = Buffer.concat([this.data, chunk]);
      while (this.takePacket());
    });
    line.on('end', () => line.end());
  }

  private takePacket(): boolean {
    if (this.data.length < HEADER) return false;
    const length = this.data.readUInt16BE(2);
    if (this.data.length < length) return false;
    const [type = 0, status = 0] = this.data;
    this.message.push(this.data.subarray(HEADER, length));
    this.data = this.data.subarray(length);
    if ((status & 1) === 0) return true;
    const body = Buffer.concat(this.message);
    this.message = [];
    this.take(type, body);
    return true;
  }

  private take(type: number, body: Buffer): void {
    if (type === PACKET.prelogin) this.prelogin(body);
    else if (type === PACKET.login) this.login(parseLogin(body));
    else if (type === PACKET.batch) this.request(parseBatch(body));
    else if (type === PACKET.procedure) this.request(parseProcedure(body));
    else if (type === PACKET.attention) this.say(doneToken('attention'));
    else this.line.destroy();
  }

  private prelogin(body: Buffer): void {
    const { encryption = 'on' } = this.double.options;
    const wanted = optionOf(body, 1);
    const federated = optionOf(body, 6) === 1;
    const clear = wanted === ENCRYPT.not_supported;
    // Over TLS already there is nothing to agree on.
    const agreed = !this.secure || (clear && encryption !== 'required') ? 'not_supported' : encryption;
    const table = Buffer.from([0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 6, 0, 23, 0, 1, 0xff]);
    const values = Buffer.from([16, 0, 0x10, 0x27, 0, 0, ENCRYPT[agreed], federated ? 1 : 0]);
    this.say(Buffer.concat([table, values]));
    if (agreed === 'not_supported' || !this.secure) return;
    const under = new HandshakePackets(this.line as Socket);
    this.listen(this.secure(under));
  }

  private login(login: LoginRequest): void {
    this.double.logins.push(login);
    const { refuse, instead } = this.double.options;
    const other = instead?.('login', this.double.logins.length);
    if (other) {
      this.say(other);
      return;
    }
    const number = refuse(login);
    this.federated = login.token !== undefined;
    if (number === undefined) {
      this.say(loginTokens(login.database, this.federated));
      return;
    }
    this.say(
      Buffer.concat([errorToken(number, `Login failed for user '${login.username}'.`), doneToken('error')]),
    );
    this.line.end();
  }

  private request(request: SqlRequest): void {
    this.double.requests.push(request);
    const { answer, instead } = this.double.options;
    const other = instead?.('request', ++this.answered);
    if (other) {
      this.say(other);
      return;
    }
    // What a client sets up at its start changes nothing here.
    const found = request.sql.startsWith('set ') ? { columns: 0, rows: [] } : answer(request);
    if (typeof found === 'number') {
      this.say(Buffer.concat([errorToken(found, `No: ${request.sql}`), doneToken('error')]));
      return;
    }
    const rows = found.rows.length;
    this.say(
      Buffer.concat([
        found.columns > 0 ? resultTokens(found.columns, found.rows) : Buffer.alloc(0),
        request.procedure ? procedureEnd(rows) : doneToken('final', rows),
      ]),
    );
  }

  private say(body: Buffer): void {
    if (this.line.writable) this.line.write(inPackets(PACKET.answer, body));
  }
}

function inPackets(type: number, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let from = 0; from === 0 || from < body.length; from += PACKET_BYTES - HEADER) {
    const part = body.subarray(from, from + PACKET_BYTES - HEADER);
    const last = from + part.length >= body.length ? 1 : 0;
    const length = HEADER + part.length;
    parts.push(Buffer.from([type, last, length >> 8, length & 0xff, 0, 54, 1, 0]), part);
  }
  return Buffer.concat(parts);
}

function optionOf(body: Buffer, token: number): number | undefined {
  for (let at = 0; at < body.length && body[at] !== 0xff; at += 5)
    if (body[at] === token) return body[body.readUInt16BE(at + 1)];
  return undefined;
}

/** The server's end of a handshake that travels in packets: the first byte of TLS itself ends them. */
class HandshakePackets extends Duplex {
  private inside = true;
  private pending = Buffer.alloc(0);

  constructor(private readonly socket: Socket) {
    super();
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(this.inside ? inPackets(PACKET.prelogin, chunk) : chunk, done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }

  private receive(chunk: Buffer): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    while (this.inside && this.pending.length >= HEADER) {
      if (this.pending[0] !== PACKET.prelogin) this.inside = false;
      else {
        const length = this.pending.readUInt16BE(2);
        if (this.pending.length < length) return;
        this.push(this.pending.subarray(HEADER, length));
        this.pending = this.pending.subarray(length);
      }
    }
    if (this.inside || this.pending.length === 0) return;
    this.push(this.pending);
    this.pending = Buffer.alloc(0);
  }
}
