import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import pg from 'pg';
import { presignedPath, awsPath, type AwsKey } from '../../src/connectors/families/http/aws-signature.js';

/**
 * The gate of a cloud in front of a real PostgreSQL: speaks TLS, asks for the token in clear, and only where it is good
 * lets the client through to the server, with a login of its own.
 */
export interface TokenGate {
  readonly port: number;
  /** Tokens that were shown, in their order. */
  readonly tokens: readonly string[];
  stop(): Promise<void>;
}

export interface GateOptions {
  /** Whether a token is good for a user; `port` is that of the gate. */
  readonly isGood: (token: string, user: string, port: number) => boolean;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  };
}

const SSL_REQUEST = 80_877_103;

export async function startTokenGate(options: GateOptions): Promise<TokenGate> {
  const tokens: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((plain) => {
    sockets.add(plain);
    plain.on('close', () => sockets.delete(plain)).on('error', () => undefined);
    const { port } = server.address() as AddressInfo;
    serve(plain, options, port, tokens).catch(() => plain.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    tokens,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function serve(plain: Socket, options: GateOptions, port: number, tokens: string[]): Promise<void> {
  const hello = await chunk(plain);
  if (hello.readInt32BE(4) !== SSL_REQUEST) throw new Error('TLS was not asked for.');
  plain.write('S');
  const line = new TLSSocket(plain, { isServer: true, ...options.tls });
  line.on('error', () => undefined);
  const startup = await chunk(line);
  const words = startup.subarray(8).toString('utf8').split('\0');
  const valueOf = (name: string): string => words[words.indexOf(name) + 1] ?? '';
  const [user, database] = [valueOf('user'), valueOf('database')];
  line.write(message('R', int(3)));
  const answer = await chunk(line);
  const token = answer.subarray(5, -1).toString('utf8');
  tokens.push(token);
  if (!options.isGood(token, user, port)) {
    line.end(message('E', Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0')));
    return;
  }
  const client = new pg.Client({ ...options.server, database });
  client.on('error', () => line.destroy());
  await client.connect();
  const inside = client as unknown as {
    connection: { stream: Socket };
    processID: number;
    secretKey: number;
  };
  const { stream } = inside.connection;
  stream.removeAllListeners('data');
  line.write(
    Buffer.concat([
      message('R', int(0)),
      message('K', Buffer.concat([int(inside.processID), int(inside.secretKey)])),
      message('Z', Buffer.from('I')),
    ]),
  );
  line.pipe(stream).pipe(line);
  line.on('close', () => stream.destroy());
}

/** The rule of RDS: a token is what the key gives for this user at the time that it names. */
export const signedFor =
  (key: AwsKey, region: string): GateOptions['isGood'] =>
  (token, user, port) => {
    const stamp = /X-Amz-Date=(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(token)?.slice(1).map(Number);
    if (!stamp) return false;
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = stamp;
    const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
    if (Math.abs(Date.now() - at.getTime()) > 900_000) return false;
    const host = `localhost:${String(port)}`;
    const path = awsPath([''], { Action: 'connect', DBUser: user });
    return (
      token ===
      host +
        presignedPath(
          { method: 'GET', host, path },
          { key, region, service: 'rds-db' },
          { expiresInS: 900, at },
        )
    );
  };

const chunk = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once('data', (data: Buffer) => resolve(data));
    socket.once('close', () => reject(new Error('The client left.')));
  });

function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int(body.length + 4), body]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
