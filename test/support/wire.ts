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
