import { expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { CATALOGUE } from '../servers/catalogue.js';
import { addRedisUser } from '../servers/redis.js';
import type { Running, ServerName, TestEndpoint } from '../servers/server-types.js';
import { CHECKS } from './server-checks/checks.js';
import { describeInstalled, describeOn, servers, START_MS } from './servers.js';

/** What the generic test knows of a server. */
interface AnyCheck {
  readonly accepted: (server: TestEndpoint) => Promise<unknown>;
  readonly expected: unknown;
  readonly refused?: (server: TestEndpoint) => Promise<unknown>;
}

const refusedConnection = (port: number): Promise<string> =>
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

for (const name of Object.keys(CATALOGUE) as ServerName[]) {
  // Each is started for itself, so that its end can be seen as well.
  describeInstalled(name, `the test server ${name}`, () => {
    test(
      'takes its credentials, refuses others, and leaves nothing behind',
      async () => {
        const check = CHECKS[name] as unknown as AnyCheck;
        const folder = mkdtempSync(join(tmpdir(), 'test-server-'));
        chmodSync(folder, 0o711);
        const running: Running<TestEndpoint> = await CATALOGUE[name].start(join(folder, 'server'));
        try {
          expect(await check.accepted(running.server)).toEqual(check.expected);
          if (check.refused) {
            const outcome = await check.refused(running.server).catch(() => 'rejected');
            expect(['rejected', 400, 401, 403]).toContain(outcome);
          }
        } finally {
          await running.stop();
        }
        expect(await refusedConnection(running.server.port)).toBe('ECONNREFUSED');
        expect(processesOf(folder)).toEqual([]);
        rmSync(folder, { recursive: true });
      },
      START_MS,
    );
  });
}

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
