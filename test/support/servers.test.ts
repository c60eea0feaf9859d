import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { CATALOGUE } from '../servers/catalogue.js';
import { ServerKeeper } from '../servers/keeper.js';
import { addRedisUser } from '../servers/redis.js';
import type { ServerName, TestEndpoint } from '../servers/server-types.js';
import { CHECKS } from './server-checks/checks.js';
import { describeInstalled, describeOn, servers, START_MS } from './servers.js';

/** What the generic test knows of a server. */
interface AnyCheck {
  readonly accepted: (server: TestEndpoint) => Promise<unknown>;
  readonly expected: unknown;
  readonly refused?: (server: TestEndpoint) => Promise<unknown>;
}

/** `connected`, or the code of the error. */
const connectionTo = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });

/** Command lines that name the folder, where the system has /proc. */
function processesOf(folder: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // It ended meanwhile.
      }
    })
    .filter((line) => line.includes(folder));
}

let folder: string;
let keeper: ServerKeeper;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'test-server-'));
  chmodSync(folder, 0o711);
  keeper = new ServerKeeper(folder, 25);
});

afterEach(async () => {
  await keeper.stopAll();
  rmSync(folder, { recursive: true });
});

for (const name of Object.keys(CATALOGUE) as ServerName[]) {
  // By a keeper of the test's own, so that the end of the server can be seen as well.
  describeInstalled(name, `the test server ${name}`, () => {
    test(
      'takes its credentials, refuses others, and leaves nothing behind',
      async () => {
        const check = CHECKS[name] as unknown as AnyCheck;
        const server = await keeper.serverOf(name, '1', 'a');
        expect(await check.accepted(server)).toEqual(check.expected);
        if (check.refused) {
          const outcome = await check.refused(server).catch(() => 'rejected');
          expect(['rejected', 400, 401, 403]).toContain(outcome);
        }
        await keeper.stopAll();
        expect(await connectionTo(server.port)).toBe('ECONNREFUSED');
        expect(processesOf(folder)).toEqual([]);
      },
      START_MS,
    );
  });
}

describeInstalled(['redis', 'nats'], 'the keeper of the servers', () => {
  test('stops what no test file uses when another one needs the memory', async () => {
    const redis = await keeper.serverOf('redis', '1', 'a');
    expect((await keeper.serverOf('redis', '1', 'b')).port).toBe(redis.port);
    await keeper.serverOf('nats', '1', 'c');
    expect(await connectionTo(redis.port)).toBe('ECONNREFUSED');
  });

  test('never stops what a test file still uses', async () => {
    const redis = await keeper.serverOf('redis', '1', 'a');
    await keeper.serverOf('nats', '2', 'b');
    expect(await connectionTo(redis.port)).toBe('connected');
  });
});

describeOn('redis', 'a user of Redis', () => {
  test('may do what its rules allow', async () => {
    const server = await servers.redis();
    const user = await addRedisUser(server, '~app:* +get');
    const asUser = new Redis({ host: server.host, port: server.port, ...user, lazyConnect: true });
    try {
      expect(await asUser.get('app:1')).toBeNull();
      await expect(asUser.get('other:1')).rejects.toThrow('NOPERM');
      await expect(asUser.keys('*')).rejects.toThrow('NOPERM');
    } finally {
      asUser.disconnect();
    }
  });
});
