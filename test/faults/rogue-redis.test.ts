import { afterEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { redis } from '../../src/connectors/drivers/redis.js';
import { discoverAll, faultOf, openSession, remember } from '../contract/contract-source.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';

const password = `canary-${randomBytes(12).toString('hex')}`;
remember(password);

const connection = {
  type: 'redis',
  host: 'localhost',
  port: 6379,
  username: 'someone',
  password,
  tls: { mode: 'disable' },
};

describe('a rogue Redis server', () => {
  let rogue: RogueServer | undefined;
  afterEach(async () => {
    await until(() => rogue?.open === 0, 'the line is closed');
    await rogue?.stop();
  });
  const open = () => openSession(redis, connection, { address: rogue?.address, ms: 5_000 });

  /** Answers each command, by its name, with what the test says. */
  const answering = (answers: Readonly<Record<string, string | Buffer>>) =>
    RogueServer.start((socket) => {
      socket.on('data', (chunk: Buffer) => {
        for (const [, name = ''] of chunk.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g))
          socket.write(answers[name.toUpperCase()] ?? '+OK\r\n');
      });
    });

  test.each([
    ['-DENIED Redis is running in protected mode\r\n', 'PERMISSION_DENIED'],
    ['-ERR max number of clients reached\r\n', 'BUSY'],
    ['-LOADING Redis is loading the dataset in memory\r\n', 'BUSY'],
    ['-MASTERDOWN Link with MASTER is down\r\n', 'BUSY'],
    ['-WRONGPASS invalid username-password pair\r\n', 'AUTH_FAILED'],
    ['-ERR invalid password\r\n', 'AUTH_FAILED'],
    ['-ERR AUTH <password> called without any password configured for the default user.\r\n', 'AUTH_FAILED'],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'PROTOCOL'],
  ])('that answers the login with %j is told apart: %s', async (answer, code) => {
    rogue = await answering({ AUTH: answer });
    expect((await faultOf(open())).code).toBe(code);
    expect(rogue.dials).toBe(1);
  });

  test('that sends an endless reply is left, and memory stays flat (T115)', async () => {
    rogue = await RogueServer.start((socket) => {
      socket.once('data', () => {
        socket.write('$2000000000\r\n');
        const chunk = Buffer.alloc(1_000_000, 65);
        const more = (): void => {
          while (socket.writable && socket.write(chunk));
        };
        socket.on('drain', more);
        more();
      });
    });
    const before = process.memoryUsage().rss;
    expect((await faultOf(open())).code).toBe('PROTOCOL');
    expect(process.memoryUsage().rss - before).toBeLessThan(400_000_000);
  });

  test('that lists keys for ever costs its deadline', async () => {
    const page = `*2\r\n$1\r\n7\r\n*3\r\n${['user:1', 'user:2', 'user:3'].map((key) => `$6\r\n${key}\r\n`).join('')}`;
    rogue = await answering({ SCAN: page, PING: '+PONG\r\n', INFO: '$-1\r\n' });
    const session = await open();
    expect((await faultOf(discoverAll(session, undefined, 500))).code).toBe('TIMEOUT');
    await session.close();
  });

  test('that talks nonsense never ends the process (T116)', async () => {
    rogue = await RogueServer.start((socket) => {
      const kinds = [
        '+',
        '-',
        ':',
        '$',
        '*',
        '%',
        '',
        '$-1\r\n',
        '*-1\r\n',
        '*1000000000\r\n',
        '$99999999999\r\n',
      ];
      const kind = kinds[Math.floor(Math.random() * kinds.length)] ?? '';
      socket.on('data', () =>
        socket.end(Buffer.concat([Buffer.from(kind), randomBytes(30), Buffer.from('\r\n')])),
      );
    });
    for (let round = 0; round < 400; round += 1) expect((await faultOf(open())).code).toMatch(/^[A-Z_]+$/);
  });
});
