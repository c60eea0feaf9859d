import { describe, expect, test } from '@jest/globals';
import { LATENCY_BUCKETS, latencyBucket } from './latency-histogram.js';
import type { WindowSums } from './health.types.js';
import { scoreOf, SCORE_RULES, SCORE_WHILE_DOWN, uptimeOf, type Windows } from './score.policy.js';

const MINUTE = 60_000;

function sums(
  over: Partial<WindowSums> = {},
  durations: Readonly<Record<number, number>> = { 2: 100 },
): WindowSums {
  const latency = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (const [ms, count] of Object.entries(durations)) latency[latencyBucket(Number(ms))] = count;
  return {
    checks: 100,
    failures: 0,
    inconclusive: 0,
    flips: 0,
    upMs: 100 * MINUTE,
    downMs: 0,
    latency,
    ...over,
  };
}

const all = (each: WindowSums): Windows => ({ h24: each, d7: each, d30: each });
const part = (windows: Windows, name: string) =>
  scoreOf(windows, 'healthy').parts.find((each) => each.name === name);

describe('the score', () => {
  test('weights add up to one', () => {
    const total = Object.values(SCORE_RULES).reduce((sum, { weight }) => sum + weight, 0);
    expect(total).toBeCloseTo(1);
  });

  test('a source that always served as usual has 100', () => {
    expect(scoreOf(all(sums()), 'healthy').value).toBe(100);
  });

  test('nothing observed has no score', () => {
    const nothing = sums({ checks: 0, upMs: 0 }, {});
    expect(scoreOf(all(nothing), undefined)).toMatchObject({ value: null });
    expect(uptimeOf(nothing)).toBeUndefined();
  });

  test('what was not observed is left out, and its weight goes to the others', () => {
    const young = sums({ checks: 2, upMs: MINUTE }, { 2: 2 });
    const { value, parts } = scoreOf(all(young), 'healthy');
    expect(value).toBe(100);
    expect(parts.find(({ name }) => name === 'latency')).toMatchObject({ value: null, weight: 0 });
    expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 2);
  });

  test('one percent of downtime costs a fifth of availability; five percent cost it all', () => {
    expect(part(all(sums({ upMs: 99 * MINUTE, downMs: MINUTE })), 'availability')?.value).toBe(80);
    expect(part(all(sums({ upMs: 95 * MINUTE, downMs: 5 * MINUTE })), 'availability')?.value).toBe(0);
  });

  test('a source is measured by its own pace: slow is fine where it always was', () => {
    expect(part(all(sums({}, { 800: 100 })), 'latency')?.value).toBe(100);
    const slower: Windows = { ...all(sums({}, { 20: 1_000 })), h24: sums({}, { 100: 50 }) };
    expect(part(slower, 'latency')?.value).toBeLessThan(20);
    const tiny: Windows = { ...all(sums({}, { 0.3: 1_000 })), h24: sums({}, { 3: 50 }) };
    expect(part(tiny, 'latency')?.value).toBe(100);
  });

  test('scatter and flapping cost stability', () => {
    expect(part(all(sums({}, { 5: 90, 900: 10 })), 'stability')?.value).toBe(0);
    expect(part(all(sums({ flips: 4 })), 'stability')?.value).toBe(60);
  });

  test('a tenth of failed checks cost the whole part', () => {
    expect(part(all(sums({ failures: 5 })), 'errors')?.value).toBe(50);
    expect(part(all(sums({ failures: 10 })), 'errors')?.value).toBe(0);
    expect(part(all(sums({ failures: 5, inconclusive: 50 })), 'errors')?.value).toBe(0);
  });

  test('a source that is down cannot score well, however good it was', () => {
    expect(scoreOf(all(sums()), 'unreachable').value).toBe(SCORE_WHILE_DOWN);
    expect(scoreOf(all(sums()), 'misconfigured').value).toBe(SCORE_WHILE_DOWN);
  });
});
