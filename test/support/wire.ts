import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Reads from a socket until `wanted` is in the text; rejects when the other side ends first, or after 10 seconds. */
function readUntil(socket: Socket, wanted: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes(wanted)) return;
      socket.off('data', onData);
      resolve(text);
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${text}`)));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
  });
}

/** Logs in to NATS over TLS and pings; gives its answer. */
export async function natsPing(
  port: number,
  ca: string,
  login: { user: string; pass: string },
): Promise<string> {
  const plain = connect(port, '127.0.0.1');
  await readUntil(plain, 'INFO ');
  plain.removeAllListeners('close');
  const socket = connectTls({ socket: plain, ca, servername: 'localhost' });
  socket.write(`CONNECT ${JSON.stringify({ ...login, verbose: false, tls_required: true })}\r\nPING\r\n`);
  try {
    const text = (await readUntil(socket, '\r\n')).trim();
    if (text.startsWith('-ERR')) throw new Error(text);
    return text;
  } finally {
    socket.destroy();
  }
}

/** Reads one answer that starts with its length in four bytes; gives what follows the length. */
function readFrame(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      if (read.length < 4 || read.length < 4 + read.readUInt32BE(0)) return;
      socket.off('data', onData);
      resolve(read.subarray(4));
    };
    socket.on('data', onData);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
  });
}

/** Logs in to Kafka by SASL PLAIN over TLS; gives its error code, 0 for none, and rejects where it is none. */
export async function kafkaLogin(
  port: number,
  ca: string,
  { username, password }: { username: string; password: string },
): Promise<number> {
  const socket = connectTls({ port, host: '127.0.0.1', ca });
  const int = (size: 2 | 4, value: number): Buffer => {
    const bytes = Buffer.alloc(size);
    bytes.writeIntBE(value, 0, size);
    return bytes;
  };
  const ask = async (api: number, version: number, body: Buffer): Promise<Buffer> => {
    // No name of the client, hence the length -1.
    const request = Buffer.concat([int(2, api), int(2, version), int(4, 1), int(2, -1), body]);
    socket.write(Buffer.concat([int(4, request.length), request]));
    return (await readFrame(socket)).subarray(4);
  };
  try {
    const mechanism = Buffer.from('PLAIN');
    await ask(17, 1, Buffer.concat([int(2, mechanism.length), mechanism]));
    const login = Buffer.from(`\0${username}\0${password}`);
    const code = (await ask(36, 0, Buffer.concat([int(4, login.length), login]))).readInt16BE(0);
    if (code !== 0) throw new Error(`Kafka says ${String(code)}`);
    return code;
  } finally {
    socket.destroy();
  }
}
