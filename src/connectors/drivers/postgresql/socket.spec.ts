import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { readInTurns } from './socket.js';

const MEGABYTE = 1024 * 1024;

it('reads all that a server sends, and lets other work in between', async () => {
  const server = createServer((peer) => peer.end(Buffer.alloc(8 * MEGABYTE))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  let [received, most, ended] = [0, 0, false];
  socket.on('data', (chunk: Buffer) => (received += chunk.length)).on('end', () => (ended = true));
  readInTurns(socket);
  // Meanwhile the kernel takes in what the server sends.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  while (!ended) {
    const before = received;
    await turn();
    most = Math.max(most, received - before);
  }
  server.close();
  expect(received).toBe(8 * MEGABYTE);
  expect(most).toBeLessThan(MEGABYTE / 4);
});
