import { beforeAll, describe, expect, test } from '@jest/globals';
import { CATALOGUE, missingFor } from '../servers/catalogue.js';
import { findProgram } from '../servers/server-process.js';
import type { ServerName, TestServers } from '../servers/server-types.js';

export type * from '../servers/server-types.js';

/** What a suite may need: a server, or a real browser. */
type Need = ServerName | 'chromium';

/** Servers of Java start within half a minute on two busy cores; a machine may be slower. */
export const START_MS = 300_000;

const missingOf = (need: Need): readonly string[] => {
  if (need !== 'chromium') return missingFor(need);
  return findProgram('chromium') === undefined ? ['chromium'] : [];
};

export function isInstalled(name: Need): boolean {
  return missingOf(name).length === 0;
}

async function ask<N extends ServerName>(name: N): Promise<TestServers[N]> {
  const base = process.env.TEST_SERVERS_URL;
  if (base === undefined) throw new Error('Run this suite with the jest project "servers".');
  const url = new URL(base + name);
  url.searchParams.set('worker', process.env.JEST_WORKER_ID ?? '');
  url.searchParams.set('file', expect.getState().testPath ?? '');
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as TestServers[N];
}

/** Asks for each server by its name; the first call starts a server, all later ones (in any suite) find it. */
type Servers = { readonly [N in ServerName]: () => Promise<TestServers[N]> };

/**
 * The shared test servers. One that a test file asked for runs until the file ends; afterwards it may be stopped for
 * want of memory, so another file may see another port, another password, and no data.
 */
export const servers = Object.fromEntries(
  Object.keys(CATALOGUE).map((name) => [name, () => ask(name as ServerName)]),
) as Servers;

/**
 * A `describe` that needs something installed. Where it is not, one line says so and the suite is skipped; with
 * REQUIRE_SERVERS=all it fails instead.
 */
export function describeInstalled(needs: Need | readonly Need[], suite: string, body: () => void): void {
  const missing = [needs].flat().filter((name) => !isInstalled(name));
  if (missing.length === 0) {
    describe(suite, body);
    return;
  }
  const what = missing.flatMap(missingOf).join(', ');
  const line = `SKIPPED ${suite}: ${missing.join(', ')} is not installed (no ${what}); install it with test/servers/install.sh`;
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

/** The same for a suite that uses the shared servers: they are started before its own hooks. */
export function describeOn(needs: Need | readonly Need[], suite: string, body: () => void): void {
  const names = [needs].flat().filter((name) => name !== 'chromium');
  describeInstalled(needs, suite, () => {
    // Not in the time of a test: the start of a server is slow where it is the first of its kind.
    if (names.length > 0)
      beforeAll(async () => {
        await Promise.all(names.map((name) => ask(name)));
      }, START_MS);
    body();
  });
}
