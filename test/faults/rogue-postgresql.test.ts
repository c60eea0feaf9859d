import { afterEach, describe, expect, test } from '@jest/globals';
import type { Socket } from 'node:net';
import { postgresql } from '../../src/connectors/drivers/postgresql.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';
import { discoverAll, EVERYTHING, faultOf, openSession, remember } from '../contract/contract-source.js';

const PASSWORD = 'canary-7f3a91';
remember(PASSWORD);

/** A message of the PostgreSQL protocol. */
function message(type: string, ...parts: readonly (Buffer | string | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (Buffer.isBuffer(part)) return part;
      if (typeof part === 'string') return Buffer.from(`${part}\0`);
      const number = Buffer.alloc(4);
      number.writeInt32BE(part);
      return number;
    }),
  );
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const short = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const OK = message('R', 0);
const READY = message('Z', Buffer.from('I'));
const CLEARTEXT = message('R', 3);
const row = (...values: readonly string[]): Buffer =>
  message('D', short(values.length), ...values.flatMap((value) => [value.length, Buffer.from(value)]));
const COLUMNS = (count: number): Buffer =>
  message(
    'T',
    short(count),
    ...Array.from({ length: count }, () =>
      Buffer.concat([Buffer.from('c\0'), Buffer.alloc(10), short(-1), Buffer.alloc(6)]),
    ),
  );
const DONE = message('C', 'SELECT 1');

/** Lets anyone in; whatever comes after the login is answered by `answer`. */
function lettingIn(answer: (socket: Socket) => void): (socket: Socket) => void {
  return (socket) => {
    let asked = 0;
    socket.on('data', () => {
      asked += 1;
      if (asked === 1) socket.write(Buffer.concat([OK, message('K', 1, 1), READY]));
      else if (asked === 2) socket.write(Buffer.concat([COLUMNS(2), row('18.4', '180004'), DONE, READY]));
      else answer(socket);
    });
  };
}

/** Writes for as long as the other side takes it. */
function endlessly(socket: Socket, chunk: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

describe('a rogue server for postgresql', () => {
  let rogue: RogueServer;
  const open = (ms?: number, tls: object = { mode: 'disable' }) =>
    openSession(
      postgresql,
      {
        type: 'postgresql',
        host: 'db.example.test',
        port: 5432,
        database: 'd',
        username: 'u',
        password: PASSWORD,
        tls,
      },
      { address: rogue.address, ...(ms === undefined ? {} : { ms }) },
    );
  const gone = () => until(() => rogue.open === 0, 'the socket is gone');

  afterEach(async () => {
    await rogue.stop();
  });

  test('that wants the password in clear does not get it', async () => {
    rogue = await RogueServer.start((socket) => socket.once('data', () => socket.write(CLEARTEXT)));
    const fault = await faultOf(open());
    expect(fault).toMatchObject({
      code: 'TLS_FAILED',
      details: { hint: expect.stringContaining('verify_full') },
    });
    await gone();
    expect(rogue.received.includes(PASSWORD)).toBe(false);
  });

  test.each([
    ['no', 'N', 'TLS_FAILED'],
    ['yes, with more behind it', 'SZ\0\0\0\x05I', 'PROTOCOL'],
    ['an error of old times', 'Eno TLS here\0', 'PROTOCOL'],
    ['nothing and hangs up', '', 'TLS_FAILED'],
  ])('that says %s when it is asked for TLS hears nothing more', async (_, answer, code) => {
    rogue = await RogueServer.start((socket) =>
      socket.once('data', () => (answer ? socket.write(answer) : socket.end())),
    );
    expect((await faultOf(open(2_000, { mode: 'require' }))).code).toBe(code);
    await gone();
    expect(rogue.dials).toBe(1);
    // The request alone.
    expect(rogue.received).toHaveLength(8);
  });

  test.each([
    ['a way to log in that no one knows', message('R', 7)],
    ['SASL of another kind', message('R', 10, 'PLAIN', Buffer.from([0]))],
    ['a message that no one knows', message('?', 'x')],
    ['rubbish', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a row with a negative number of values', Buffer.concat([OK, READY, message('D', short(-5))])],
    ['a row before anything was asked', Buffer.concat([OK, row('x')])],
    ['an error without a code', message('E', Buffer.from([0]))],
    ['an error with a code of its own making', message('E', 'Cconstructor', 'Mno', Buffer.from([0]))],
  ])('that sends %s ends as a fault, not as a crash', async (_, answer) => {
    rogue = await RogueServer.start((socket) => socket.once('data', () => socket.write(answer)));
    expect((await faultOf(open(2_000))).code).toMatch(
      /^(AUTH_FAILED|PROTOCOL|UNREACHABLE|QUERY_FAILED|TIMEOUT)$/,
    );
    await gone();
  });

  test('that never ends its login is left', async () => {
    rogue = await RogueServer.start((socket) =>
      endlessly(socket, message('N', 'x'.repeat(10_000), Buffer.from([0]))),
    );
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    await gone();
  });

  test.each([
    ['endless rows', COLUMNS(1), row('x'.repeat(1_000))],
    ['one row without an end', message('T', short(0)), Buffer.alloc(65_536)],
    ['rows of very many columns', COLUMNS(1), row(...Array.from({ length: 30_000 }, () => 'x'))],
  ])('that sends %s is left before it fills the memory', async (what, first, chunk) => {
    rogue = await RogueServer.start(
      lettingIn((socket) => {
        socket.removeAllListeners('data');
        socket.write(first);
        const huge = Buffer.alloc(5);
        huge.write('D');
        huge.writeInt32BE(2 ** 31 - 1, 1);
        if (what.startsWith('one row')) socket.write(huge);
        endlessly(socket, chunk);
      }),
    );
    const session = await open();
    const before = process.memoryUsage.rss();
    expect((await faultOf(discoverAll(session))).code).toBe('PROTOCOL');
    expect(process.memoryUsage.rss() - before).toBeLessThan(700 * 2 ** 20);
    expect(session.usable).toBe(false);
    await gone();
    await session.close();
  });

  test('that drips its rows is left at the deadline', async () => {
    rogue = await RogueServer.start(
      lettingIn((socket) => {
        socket.removeAllListeners('data');
        socket.write(COLUMNS(1));
        const drip = setInterval(() => socket.write(row('x')), 20);
        socket.once('close', () => clearInterval(drip));
      }),
    );
    const session = await open();
    expect((await faultOf(discoverAll(session, EVERYTHING, 500))).code).toBe('TIMEOUT');
    await gone();
    await session.close();
  });
});
