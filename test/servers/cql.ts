import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const STARTUP = 0x01;
const QUERY = 0x07;
const AUTH_RESPONSE = 0x0f;
const ERROR = 0x00;
const AUTHENTICATE = 0x03;

const short = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const long = (value: number): Buffer =>
  Buffer.from([value >> 24, value >> 16, value >> 8, value].map((b) => b & 0xff));
const text = (value: string): Buffer => Buffer.concat([short(Buffer.byteLength(value)), Buffer.from(value)]);

export interface CqlLogin {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** With it, over TLS. */
  readonly ca?: string;
}

/** Runs statements of Cassandra one by one, by the least of its protocol; rejects with what the server says. */
export async function runCql(
  { port, username, password, ca }: CqlLogin,
  statements: readonly string[],
): Promise<void> {
  const at = { port, host: '127.0.0.1' };
  const socket = ca === undefined ? connect(at) : connectTls({ ...at, ca });
  socket.setTimeout(30_000, () => socket.destroy());
  try {
    const startup = Buffer.concat([short(1), text('CQL_VERSION'), text('3.0.0')]);
    if ((await ask(socket, STARTUP, startup)) === AUTHENTICATE) {
      const login = Buffer.from(`\0${username}\0${password}`);
      await ask(socket, AUTH_RESPONSE, Buffer.concat([long(login.length), login]));
    }
    for (const statement of statements) {
      const query = Buffer.from(statement);
      // Consistency ONE, no flags.
      await ask(socket, QUERY, Buffer.concat([long(query.length), query, short(1), Buffer.from([0])]));
    }
  } finally {
    socket.destroy();
  }
}

/** Sends one request of version 4; gives the kind of the answer. */
function ask(socket: Socket, kind: number, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      if (read.length < 9 || read.length < 9 + read.readUInt32BE(5)) return;
      socket.off('data', onData).off('error', reject).off('close', onClose);
      const answer = read.readUInt8(4);
      if (answer === ERROR) reject(new Error(read.subarray(15).toString()));
      else resolve(answer);
    };
    const onClose = (): void => reject(new Error('closed, or no answer'));
    socket.on('data', onData).once('error', reject).once('close', onClose);
    socket.write(Buffer.concat([Buffer.from([4, 0, 0, 1, kind]), long(body.length), body]));
  });
}
