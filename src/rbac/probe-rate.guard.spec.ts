import { describe, expect, test } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { loadConfig } from '../platform/config/config.js';
import { ProbeRateGuard } from './probe-rate.guard.js';
import { setActor } from './request-actor.js';

const SECRET = 'secret-0123456789abcdef0123456789abcdef01';
const guardOf = (perMinute: string): ProbeRateGuard =>
  new ProbeRateGuard(
    loadConfig({ NODE_ENV: 'test', APP_SECRET: SECRET, JWT_SECRET: SECRET, PROBES_PER_MINUTE: perMinute }),
  );

/** A request of a user, as the access guard leaves it. */
function requestOf(orgId: string, userId: string): ExecutionContext {
  const request = {};
  setActor(request, { orgId, userId, roles: [] });
  return { switchToHttp: () => ({ getRequest: () => request }) } as unknown as ExecutionContext;
}

describe('the rate of probes', () => {
  test('is bounded for each user, and tells when to come again', async () => {
    const guard = guardOf('3');
    for (let at = 0; at < 3; at += 1) expect(await guard.canActivate(requestOf('a', 'one'))).toBe(true);
    const refused = guard.canActivate(requestOf('a', 'one'));
    await expect(refused).rejects.toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    const { details } = (await refused.catch((error: unknown) => error)) as {
      details: { retryAfterS: number };
    };
    expect(details.retryAfterS).toBeGreaterThanOrEqual(1);
    expect(details.retryAfterS).toBeLessThanOrEqual(60);
    expect(await guard.canActivate(requestOf('a', 'two'))).toBe(true);
    expect(await guard.canActivate(requestOf('b', 'one'))).toBe(true);
  });

  test('is bounded for all users of an organization together', async () => {
    const guard = guardOf('1');
    for (let at = 0; at < 4; at += 1) expect(await guard.canActivate(requestOf('a', String(at)))).toBe(true);
    await expect(guard.canActivate(requestOf('a', 'another'))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    expect(await guard.canActivate(requestOf('b', 'another'))).toBe(true);
  });

  test('lets nobody through who is unknown', async () => {
    const nobody = { switchToHttp: () => ({ getRequest: () => ({}) }) } as unknown as ExecutionContext;
    await expect(guardOf('1').canActivate(nobody)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
