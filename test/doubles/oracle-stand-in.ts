import { createHmac, randomBytes } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import type { OracleClient, OracleConnection } from '../../src/connectors/drivers/oracle/client.js';
import type { Certificate } from '../support/certificates.js';

type Values = Readonly<Record<string, string | number>>;
type Rows = readonly (readonly unknown[])[];

export interface OracleStandInOptions {
  readonly username: string;
  readonly password: string;
  readonly service: string;
  readonly version: string;
  readonly certificate: Certificate;
  /** Rows, or the code of an error. */
  readonly answer: (sql: string, values: Values) => Rows | string;
}

interface Message {
  readonly user?: string;
  readonly proof?: string;
  readonly service?: string;
  readonly sql?: string;
  readonly values?: Values;
}

const proofOf = (password: string, challenge: string): string =>
  createHmac('sha256', password).update(challenge).digest('hex');

/**
 * A server that stands where Oracle would, and speaks lines of JSON in the place of Oracle's protocol: a login by a proof
 * of the password, statements, pings. It goes together with `standInClient`, which stands where oracledb would.
 */
export class OracleStandIn {
  readonly host = '127.0.0.1';
  readonly statements: string[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly plain: Server,
    private readonly secure: Server,
    private readonly options: OracleStandInOptions,
  ) {}

  static async start(options: OracleStandInOptions): Promise<OracleStandIn> {
    const plain = createServer({ noDelay: true });
    const secure = createTlsServer({ ...options.certificate });
    const server = new OracleStandIn(plain, secure, options);
    plain.on('connection', (socket) => server.serve(socket));
    secure.on('secureConnection', (socket) => server.serve(socket));
    secure.on('tlsClientError', (_, socket) => socket.destroy());
    for (const listener of [plain, secure]) {
      listener.on('connection', (socket: Socket) => server.keep(socket));
      await new Promise<void>((resolve) => listener.listen(0, server.host, resolve));
    }
    return server;
  }

  get port(): number {
    return (this.plain.address() as AddressInfo).port;
  }

  get tlsPort(): number {
    return (this.secure.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await Promise.all(
      [this.plain, this.secure].map(
        (server) => new Promise<void>((resolve) => server.close(() => resolve())),
      ),
    );
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }

  private serve(socket: Duplex): void {
    const challenge = randomBytes(16).toString('hex');
    const say = (message: object): void => {
      if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
    };
    let known = false;
    socket.on('error', () => undefined);
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => {
      const message = JSON.parse(line) as Message;
      if (known) {
        say(this.answer(message));
        return;
      }
      const code = this.refusal(message, challenge);
      known = code === undefined;
      say(known ? { version: this.options.version } : { code });
      if (!known) socket.end();
    });
    lines.on('error', () => undefined);
    say({ challenge });
  }

  private refusal({ user, proof, service }: Message, challenge: string): string | undefined {
    const { username, password, service: offered } = this.options;
    if (service !== offered) return 'NJS-518';
    return user === username && proof === proofOf(password, challenge) ? undefined : 'ORA-01017';
  }

  private answer({ sql, values = {} }: Message): object {
    if (sql === undefined) return {};
    this.statements.push(sql);
    const answer = this.options.answer(sql, values);
    return typeof answer === 'string' ? { code: answer } : { rows: answer };
  }
}

interface Reply {
  readonly challenge?: string;
  readonly version?: string;
  readonly code?: string;
  readonly rows?: Rows;
}

/** Stands where oracledb would: it dials by the dialler alone, and throws what oracledb throws. */
export const standInClient: OracleClient = {
  async connect({ user, password, connectString }, dialler) {
    const [, protocol, host = '', port] =
      /PROTOCOL=(\w+)\)\(HOST=([^)]+)\)\(PORT=(\d+)/.exec(connectString) ?? [];
    const socket = await dialler.dial({ host, port: Number(port) });
    const replies = new Replies(protocol === 'tcps' ? await dialler.secure(socket) : socket);
    const { challenge = '' } = await replies.next();
    const service = /SERVICE_NAME=([^)]+)/.exec(connectString)?.[1];
    const { version = '' } = await replies.ask({ user, service, proof: proofOf(password, challenge) });
    const connection: OracleConnection = {
      oracleServerVersionString: version,
      execute: async (sql, values) => {
        const { rows } = await replies.ask({ sql, values });
        return { rows };
      },
      ping: async () => {
        await replies.ask({});
      },
      rollback: async () => {
        await replies.ask({});
      },
      close: () => Promise.resolve(),
    };
    return connection;
  },
};

class Replies {
  private readonly ready: Reply[] = [];
  private waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  private ended = false;

  constructor(private readonly stream: Duplex) {
    const lines = createInterface({ input: stream });
    lines.on('line', (line) => {
      const reply = JSON.parse(line) as Reply;
      if (this.waiting) this.waiting.resolve(reply);
      else this.ready.push(reply);
    });
    lines.on('error', () => undefined);
    const end = (): void => {
      this.ended = true;
      this.waiting?.reject(failure('NJS-500'));
    };
    stream.on('error', end).on('close', end).on('end', end);
  }

  ask(message: object): Promise<Reply> {
    if (!this.ended) this.stream.write(`${JSON.stringify(message)}\n`);
    return this.next();
  }

  async next(): Promise<Reply> {
    const reply =
      this.ready.shift() ??
      (await new Promise<Reply>((resolve, reject) => {
        if (this.ended) reject(failure('NJS-500'));
        else this.waiting = { resolve, reject };
      }));
    this.waiting = undefined;
    if (reply.code !== undefined) throw failure(reply.code);
    return reply;
  }
}

/** As oracledb throws it: with a text that tells too much. */
const failure = (code: string): Error => Object.assign(new Error(`${code}: the account and more`), { code });
