import { describe, expect, test } from '@jest/globals';
import { coveredBy, isChecked, judge, needsPerson, watchedBy, type Watched } from './health.policy.js';
import type { Check, CheckOutcome, WatchState } from './health.types.js';
import type { ErrorCode } from '../common/app-error.js';

const T0 = Date.parse('2026-01-31T08:00:00Z');
const active: Watched = {
  status: 'active',
  statusSince: T0 - 1_000,
  intervalS: 60,
  unhealthyThreshold: 3,
  healthyThreshold: 2,
};
const inactive: Watched = { ...active, status: 'inactive', statusSince: T0 + 1_000_000 };

const check = (outcome: CheckOutcome, minute: number, code?: ErrorCode): Check => ({
  at: T0 + minute * 60_000,
  outcome,
  durationMs: 1,
  ...(code ? { code } : {}),
});

function run(checks: readonly Check[], source: Watched, before?: WatchState) {
  const judgements = [];
  let state = before;
  for (const each of checks) {
    const judgement = judge(state, each, source);
    judgements.push(judgement);
    state = judgement.after;
  }
  return judgements;
}

describe('thresholds', () => {
  test('a source is unreachable after three failures in a row, and reported once it is', () => {
    const steps = run(
      [1, 2, 3].map((minute) => check('failed', minute, 'UNREACHABLE')),
      active,
    );
    expect(steps.map(({ after }) => after.verdict)).toEqual(['healthy', 'healthy', 'unreachable']);
    expect(steps.map(({ report }) => report)).toEqual([undefined, undefined, 'unreachable']);
    expect(steps[2]?.after.since).toBe(T0 + 180_000);
  });

  test('a success in between starts the count again', () => {
    const steps = run(
      [
        check('failed', 1, 'TIMEOUT'),
        check('failed', 2, 'TIMEOUT'),
        check('ok', 3),
        check('failed', 4, 'TIMEOUT'),
        check('failed', 5, 'TIMEOUT'),
      ],
      active,
    );
    expect(steps.at(-1)?.after).toMatchObject({ verdict: 'healthy', failures: 2, successes: 0 });
  });

  test('it is healthy again after two successes', () => {
    const down = run(
      [1, 2, 3].map((minute) => check('failed', minute, 'UNREACHABLE')),
      active,
    ).at(-1)?.after;
    const steps = run([check('ok', 4), check('degraded', 5)], inactive, down);
    expect(steps.map(({ after }) => after.verdict)).toEqual(['unreachable', 'healthy']);
    expect(steps.map(({ report }) => report)).toEqual([undefined, 'healthy']);
  });

  test.each<ErrorCode>(['AUTH_FAILED', 'DATABASE_NOT_FOUND', 'TLS_FAILED', 'CREDENTIALS_REENTRY_REQUIRED'])(
    '%s needs a person at once',
    (code) => {
      expect(judge(undefined, check('failed', 1, code), active)).toMatchObject({
        report: 'misconfigured',
        after: { verdict: 'misconfigured', failures: 1 },
      });
      expect(needsPerson(code)).toBe(true);
    },
  );

  test.each<ErrorCode>(['HOST_UNKNOWN', 'TUNNEL_FAILED', 'FILE_NOT_FOUND', 'QUERY_FAILED'])(
    '%s may pass by itself: it counts like an unreachable source',
    (code) => {
      const steps = run(
        [1, 2, 3].map((minute) => check('failed', minute, code)),
        active,
      );
      expect(steps.map(({ report }) => report)).toEqual([undefined, undefined, 'unreachable']);
    },
  );

  test('an inconclusive check counts neither way', () => {
    const steps = run(
      [
        check('failed', 1, 'TIMEOUT'),
        check('failed', 2, 'TIMEOUT'),
        check('inconclusive', 3, 'SECRET_BACKEND_UNAVAILABLE'),
        check('failed', 4, 'TIMEOUT'),
      ],
      active,
    );
    expect(steps[2]?.after).toMatchObject({ failures: 2, successes: 0 });
    expect(steps[2]?.report).toBeUndefined();
    expect(steps[3]?.report).toBe('unreachable');
  });
});

describe('what people do', () => {
  const down: WatchState = {
    verdict: 'unreachable',
    since: T0,
    successes: 0,
    failures: 9,
    lastCheckAt: T0,
    lastOutcome: 'failed',
    coversMs: 120_000,
  };

  test('a status that was set after our verdict wins', () => {
    const mended: Watched = { ...active, statusSince: T0 + 30_000 };
    expect(judge(down, check('failed', 1, 'TIMEOUT'), mended)).toMatchObject({
      after: { verdict: 'healthy', failures: 1 },
    });
    expect(judge(down, check('failed', 1, 'TIMEOUT'), mended).report).toBeUndefined();
  });

  test('a verdict whose report got lost is reported again, by a check that agrees', () => {
    expect(judge(down, check('failed', 1, 'TIMEOUT'), active).report).toBe('unreachable');
    expect(judge(down, check('ok', 1), active).report).toBeUndefined();
  });

  test('paused sources and those in maintenance or under test are not judged, failed ones not checked', () => {
    const facts = {
      reason: { code: 'OK', message: '', user_action: false, since: '2026-01-31T08:00:00Z' },
      paused: false,
      health: { interval_s: 60, timeout_ms: 1_000, unhealthy_threshold: 3, healthy_threshold: 2 },
    } as Parameters<typeof watchedBy>[0];
    expect(watchedBy({ ...facts, status: 'inactive', paused: true })).toBeUndefined();
    expect(watchedBy({ ...facts, status: 'maintenance' })).toBeUndefined();
    expect(watchedBy({ ...facts, status: 'testing' })).toBeUndefined();
    expect(watchedBy({ ...facts, status: 'active' })).toEqual({ ...active, statusSince: T0 });
    expect(isChecked({ ...active, status: 'failed' })).toBe(false);
    expect(isChecked(inactive)).toBe(true);
  });
});

describe('the pause before the next check', () => {
  test('doubles from the interval to ten minutes while the source stays unreachable', () => {
    const steps = run(
      Array.from({ length: 9 }, (_, i) => check('failed', i + 1, 'UNREACHABLE')),
      active,
    );
    expect(steps.map(({ pauseMs }) => pauseMs && pauseMs / 1_000)).toEqual([
      undefined,
      undefined,
      60,
      120,
      240,
      480,
      600,
      600,
      600,
    ]);
  });

  test('is never shorter than the interval, and is the interval after a success', () => {
    const slow = { ...active, intervalS: 3_600, unhealthyThreshold: 1 };
    const steps = run(
      [check('failed', 1, 'UNREACHABLE'), check('failed', 2, 'UNREACHABLE'), check('ok', 3)],
      slow,
    );
    expect(steps.map(({ pauseMs }) => pauseMs)).toEqual([3_600_000, 3_600_000, undefined]);
  });
});

describe('time', () => {
  const seen = { lastCheckAt: T0, lastOutcome: 'ok' as const, coversMs: 120_000 };

  test('an outcome holds until the next check', () => {
    expect(coveredBy(seen, T0 + 61_000)).toEqual({ upMs: 61_000, downMs: 0 });
    expect(coveredBy({ ...seen, lastOutcome: 'failed' }, T0 + 61_000)).toEqual({ upMs: 0, downMs: 61_000 });
  });

  test('but not over a gap: the rest of a pause or an outage of the product counts as neither', () => {
    expect(coveredBy(seen, T0 + 3_600_000)).toEqual({ upMs: 120_000, downMs: 0 });
  });

  test('an inconclusive check covers nothing, and a clock that was set back is no negative time', () => {
    expect(coveredBy({ ...seen, lastOutcome: 'inconclusive' }, T0 + 1_000)).toEqual({ upMs: 0, downMs: 0 });
    expect(coveredBy(seen, T0 - 1_000)).toEqual({ upMs: 0, downMs: 0 });
    expect(coveredBy(undefined, T0)).toEqual({ upMs: 0, downMs: 0 });
  });

  test('cover follows the back-off, so a source that stays down is down all the time', () => {
    const steps = run(
      [1, 2, 3, 4, 6, 10, 18].map((minute) => check('failed', minute, 'UNREACHABLE')),
      active,
    );
    const downMs = steps.reduce((sum, { covered }) => sum + covered.downMs, 0);
    expect(downMs).toBe(17 * 60_000);
  });

  test('changes between working and failing are counted', () => {
    const steps = run([check('ok', 1), check('failed', 2), check('failed', 3), check('ok', 4)], active);
    expect(steps.map(({ flipped }) => flipped)).toEqual([false, true, false, true]);
  });
});
