import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AppError } from '../../src/common/app-error.js';
import { sqlserver } from '../../src/connectors/drivers/sqlserver.js';
import { anywhere, faultOf } from '../contract/contract-source.js';
import { doneToken, loginTokens, procedureEnd, resultTokens } from '../doubles/tds-tokens.js';
import { numbers } from '../support/random-keys.js';
import { RogueServer } from '../support/rogue-server.js';
import { until } from '../support/until.js';

/** Each number is one conversation with a server that changes some bytes of what it should say. */
const TRIES = 400;
const AT_ONCE = 20;
const DEADLINE_MS = 250;

const next = numbers(20_260_102);
const chance = (share: number): boolean => next() < share;

function packet(body: Buffer): Buffer {
  const head = Buffer.from([4, 1, 0, 0, 0, 0, 1, 0]);
  head.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([head, body]);
}

function changed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let left = 1 + Math.floor(next() * 4); left > 0; left -= 1)
    copy[Math.floor(next() * copy.length)] = Math.floor(next() * 256);
  return chance(0.2) ? copy.subarray(0, Math.floor(next() * copy.length)) : copy;
}

const PRELOGIN = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 0, 0, 0, 0, 2]);

/** What is said first, second and so on. */
function answers(): Buffer[] {
  const result = Buffer.concat([
    resultTokens(2, [['16.0.1.1', '3']]),
    chance(0.5) ? procedureEnd(1) : doneToken('final', 1),
  ]);
  const right = [PRELOGIN, loginTokens('shop', false), doneToken(), result, doneToken()];
  // One of them, or two: what comes before must be right to get that far.
  const wrong = Math.floor(next() * right.length);
  return right.map((body, at) =>
    at < wrong ? packet(body) : chance(0.3) ? packet(changed(body)) : changed(packet(body)),
  );
}

let server: RogueServer;
beforeAll(async () => {
  server = await RogueServer.start((socket) => {
    const script = answers();
    socket.on('data', () => {
      const answer = script.shift();
      if (answer) socket.write(answer);
    });
  });
});
afterAll(() => server.stop());

test(`${String(TRIES)} servers that say almost what they should end nothing but their own line`, async () => {
  const codes = new Set<string>();
  const attempt = async (): Promise<void> => {
    const deadline = AbortSignal.timeout(DEADLINE_MS);
    const opened = sqlserver
      .open(
        {
          type: 'sqlserver',
          host: 'localhost',
          database: 'shop',
          username: 'reader',
          tls: { mode: 'disable' },
        },
        { signal: deadline, address: server.address, locate: anywhere },
      )
      .then(
        async (session) => {
          await session.close();
          throw new AppError('CANCELLED', 'It opened all the same.');
        },
        (error: unknown) => {
          throw error instanceof DOMException ? new AppError('TIMEOUT', 'late') : error;
        },
      );
    codes.add((await faultOf(opened)).code);
  };
  for (let at = 0; at < TRIES; at += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, attempt));
  await until(() => server.open === 0, 'all sockets are gone');
  expect([...codes]).toEqual(expect.arrayContaining(['PROTOCOL']));
});
