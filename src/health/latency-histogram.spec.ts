import { describe, expect, test } from '@jest/globals';
import { LATENCY_BUCKETS, latencyBound, latencyBucket, latencyQuantile } from './latency-histogram.js';

function histogram(durations: readonly number[]): number[] {
  const counts = Array.from({ length: LATENCY_BUCKETS }, () => 0);
  for (const ms of durations) counts[latencyBucket(ms)] = (counts[latencyBucket(ms)] ?? 0) + 1;
  return counts;
}

describe('the histogram of durations', () => {
  test('a duration lies within the bounds of its bucket', () => {
    for (const ms of [0.6, 1, 5, 99.5, 1_000, 20_000]) {
      expect(ms).toBeLessThanOrEqual(latencyBound(latencyBucket(ms)));
      expect(ms).toBeGreaterThan(latencyBound(latencyBucket(ms) - 1));
    }
  });

  test('takes anything', () => {
    expect(latencyBucket(0)).toBe(0);
    expect(latencyBucket(-1)).toBe(0);
    expect(latencyBucket(Number.NaN)).toBe(0);
    expect(latencyBucket(1e9)).toBe(LATENCY_BUCKETS - 1);
    expect(latencyBucket(Infinity)).toBe(LATENCY_BUCKETS - 1);
  });

  test('quantiles are right to a fifth', () => {
    const counts = histogram(Array.from({ length: 1_000 }, (_, i) => (i + 1) / 10));
    for (const [q, exact] of [
      [0.5, 50],
      [0.95, 95],
      [0.99, 99],
    ] as const) {
      const found = latencyQuantile(counts, q) ?? 0;
      expect(Math.abs(found - exact) / exact).toBeLessThan(0.2);
    }
  });

  test('nothing counted has no quantile', () => {
    expect(latencyQuantile(histogram([]), 0.5)).toBeUndefined();
  });
});
