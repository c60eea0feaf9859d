import { describe, test } from '@jest/globals';
import { findProgram } from '../servers/server-process.js';
import type { ServerName, TestServers } from '../servers/server-types.js';

export type { RedisTestServer, ServerName, TestServer } from '../servers/server-types.js';

/** What a suite may need: a server, or a real browser. */
type Need = ServerName | 'chromium';

/** Program that must be installed for it; PostgreSQL comes with the npm packages. */
const PROGRAMS: Readonly<Record<Need, string | undefined>> = {
  postgres: undefined,
  mariadb: 'mariadbd',
  redis: 'redis-server',
  chromium: 'chromium',
};

export function isInstalled(name: Need): boolean {
  const program = PROGRAMS[name];
  return program === undefined || findProgram(program) !== undefined;
}

async function ask<N extends ServerName>(name: N): Promise<TestServers[N]> {
  const url = process.env.TEST_SERVERS_URL;
  if (url === undefined) throw new Error('Run this suite with the jest project "servers".');
  const answer = await fetch(url + name);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as TestServers[N];
}

/** The shared test servers; the first call starts a server, all later ones (in any suite) find it. */
export const servers = {
  postgres: () => ask('postgres'),
  mariadb: () => ask('mariadb'),
  redis: () => ask('redis'),
} as const;

/**
 * A `describe` that needs servers. Where one is not installed, one line says so and the suite is skipped; with
 * REQUIRE_SERVERS=all it fails instead.
 */
export function describeOn(needs: Need | readonly Need[], suite: string, body: () => void): void {
  const missing = [needs].flat().filter((name) => !isInstalled(name));
  if (missing.length === 0) {
    describe(suite, body);
    return;
  }
  const line = `SKIPPED ${suite}: ${missing.join(', ')} is not installed; install it with test/servers/install.sh`;
  if (process.env.REQUIRE_SERVERS === 'all') {
    test(suite, () => {
      throw new Error(line);
    });
    return;
  }
  process.stdout.write(`${line}\n`);
  // Jest wants a test in each file.
  test.skip(line, () => undefined);
}
