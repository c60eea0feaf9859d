import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import { FrameBuffer } from '../../src/connectors/families/frame-buffer.js';
import type { MongoDbTestServer } from '../servers/server-types.js';
import type { Certificate } from '../support/certificates.js';
import { adminLogin } from './mongodb-admin-login.js';
import { documentIn, errorAnswer, messageOf, sizeOf, type Document } from './mongodb-messages.js';

export type MemberRole = 'primary' | 'secondary' | 'hidden' | 'arbiter' | 'recovering' | 'router' | 'single';

/** Asked before a login, or of the connection itself: each member answers them. */
const OF_EACH = [
  'hello',
  'isMaster',
  'saslStart',
  'saslContinue',
  'authenticate',
  'ping',
  'buildInfo',
  'getMore',
  'killCursors',
];
const [NO_SUCH_COMMAND, NOT_PRIMARY_NO_SECONDARY_OK, NOT_PRIMARY_OR_SECONDARY, AUTHENTICATION_FAILED] = [
  59, 13_435, 13_436, 18,
];

export interface MemberOptions {
  /** Speaks TLS with this certificate, and takes logins by certificates that `ca` signed. */
  readonly tls?: { readonly certificate: Certificate; readonly ca: string };
  /** What `hello` is made to say; a server without the command knows only `isMaster`. */
  readonly wireVersion?: number;
  readonly knowsHello?: boolean;
}

/** One command that came, without what the double takes out of it. */
export interface HeardCommand {
  readonly name: string;
  readonly database: string;
  readonly preference: string | undefined;
}

/**
 * One member of a deployment of MongoDB in front of the real FerretDB: what is read, and the login by SCRAM, are FerretDB's.
 * The double rewrites the greeting; it answers with the errors of MongoDB where the role of the member does not let it read,
 * or the read preference does not let it be read; and it takes the preference out, which FerretDB need not know.
 */
export class MongoDbMember {
  readonly host = '127.0.0.1';
  /** It stays the member's when it is gone. */
  readonly port: number;
  readonly heard: HeardCommand[] = [];
  dials = 0;
  /** The code of an error that this command gets in place of its answer. */
  refuse: (command: Document) => number | undefined = () => undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly listener: Server,
    readonly target: MongoDbTestServer,
    public role: MemberRole,
    private readonly options: MemberOptions,
    private readonly greeting: (member: MongoDbMember) => Document,
  ) {
    this.port = (listener.address() as AddressInfo).port;
  }

  /** @param greeting what is laid over the answer to `hello`. */
  static async start(
    target: MongoDbTestServer,
    role: MemberRole,
    greeting: (member: MongoDbMember) => Document,
    options: MemberOptions = {},
  ): Promise<MongoDbMember> {
    const listener = createServer({ noDelay: true });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const member = new MongoDbMember(listener, target, role, options, greeting);
    listener.on('connection', (socket) => member.accept(socket));
    return member;
  }

  get open(): number {
    return this.sockets.size;
  }

  /** Names of the commands that read, and came through. */
  get reads(): string[] {
    return this.heard.map(({ name }) => name).filter((name) => !OF_EACH.includes(name));
  }

  /** As a process that is killed: lines break, and nobody listens any more. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.listener.listening) await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private accept(socket: Socket): void {
    this.dials += 1;
    this.sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
    const { tls } = this.options;
    if (!tls) this.converse(socket);
    else {
      const { certificate, ca } = tls;
      // A server of its own for each line, which never listens: it tells whether the client's certificate was trusted.
      createTlsServer({ ...certificate, ca, requestCert: true, rejectUnauthorized: false })
        .on('secureConnection', (client) => this.converse(client))
        .on('tlsClientError', () => socket.destroy())
        .emit('connection', socket);
    }
  }

  private converse(client: Socket): void {
    const server = connect(this.target);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('error', () => other.destroy()).once('close', () => other.destroy());
    new Conversation(this, client, server);
  }

  /** The answer of the double itself, or undefined where FerretDB answers. */
  answerTo(name: string, command: Document): Document | undefined {
    if (name === 'hello' && this.options.knowsHello === false) return errorAnswer(NO_SUCH_COMMAND);
    const code = this.refuse(command) ?? (OF_EACH.includes(name) ? undefined : this.refusalOf(command));
    return code === undefined ? undefined : errorAnswer(code);
  }

  greetingOver(real: Document): Document {
    const { wireVersion } = this.options;
    return {
      ...real,
      ...(wireVersion === undefined ? {} : { maxWireVersion: wireVersion }),
      ...this.greeting(this),
    };
  }

  private refusalOf({ $readPreference: preference }: Document): number | undefined {
    const { mode = 'primary' } = (preference ?? {}) as { readonly mode?: string };
    if (this.role === 'arbiter' || this.role === 'recovering') return NOT_PRIMARY_OR_SECONDARY;
    const isSecondary = this.role === 'secondary' || this.role === 'hidden';
    return isSecondary && mode === 'primary' ? NOT_PRIMARY_NO_SECONDARY_OK : undefined;
  }
}

/** One line of a client, and the one to FerretDB behind it. */
class Conversation {
  private readonly greetings = new Set<number>();

  constructor(
    private readonly member: MongoDbMember,
    private readonly client: Socket,
    private readonly server: Socket,
  ) {
    const [asked, told] = [new FrameBuffer(16, sizeOf), new FrameBuffer(16, sizeOf)];
    client.on('data', (chunk: Buffer) => {
      for (const frame of asked.take(chunk)) this.ask(frame);
    });
    server.on('data', (chunk: Buffer) => {
      for (const frame of told.take(chunk)) this.tell(frame);
    });
  }

  private ask(frame: Buffer): void {
    const id = frame.readInt32LE(4);
    const { $readPreference: preference, ...command } = documentIn(frame);
    const name = Object.keys(command)[0] ?? '';
    const answer = this.member.answerTo(name, { ...command, $readPreference: preference });
    if (answer) this.say(id, answer);
    else if (name === 'authenticate') void this.byCertificate(id, command);
    else {
      this.member.heard.push({
        name,
        database: String(command.$db),
        preference: (preference as Document | undefined)?.mode as string | undefined,
      });
      if (name === 'hello' || name === 'isMaster') this.greetings.add(id);
      this.server.write(messageOf(id, 0, command));
    }
  }

  private tell(frame: Buffer): void {
    const id = frame.readInt32LE(8);
    if (this.greetings.delete(id)) this.say(id, this.member.greetingOver(documentIn(frame)));
    else this.client.write(frame);
  }

  /** MONGODB-X509: TLS proved the certificate; a name must be its subject. The line to FerretDB is the administrator's then. */
  private async byCertificate(id: number, command: Document): Promise<void> {
    const { client } = this;
    const subject = client instanceof TLSSocket ? client.getPeerCertificate().subject : undefined;
    const user = subject === undefined ? undefined : `CN=${String(subject.CN)}`;
    const trusted = client instanceof TLSSocket && client.authorized && command.mechanism === 'MONGODB-X509';
    const isOwn = command.user === undefined || command.user === user;
    if (!trusted || !isOwn || command.$db !== '$external') {
      this.say(id, errorAnswer(AUTHENTICATION_FAILED));
      return;
    }
    this.server.removeAllListeners('data');
    await adminLogin(this.server, this.member.target);
    const told = new FrameBuffer(16, sizeOf);
    this.server.on('data', (chunk: Buffer) => {
      for (const frame of told.take(chunk)) this.tell(frame);
    });
    this.say(id, { dbname: '$external', user, ok: 1 });
  }

  private say(to: number, answer: Document): void {
    if (this.client.writable) this.client.write(messageOf(1, to, answer));
  }
}
