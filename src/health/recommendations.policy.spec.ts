import { expect, test } from '@jest/globals';
import { LATENCY_BUCKETS } from './latency-histogram.js';
import { recommend, type Findings } from './recommendations.policy.js';
import { scoreOf } from './score.policy.js';
import type { WindowSums } from './health.types.js';

const nothing: WindowSums = {
  checks: 0,
  failures: 0,
  inconclusive: 0,
  flips: 0,
  upMs: 0,
  downMs: 0,
  latency: Array.from({ length: LATENCY_BUCKETS }, () => 0),
};

function findings(h24: Partial<WindowSums> = {}, over: Partial<Findings> = {}): Findings {
  const windows = { h24: { ...nothing, ...h24 }, d7: nothing, d30: nothing };
  return {
    state: 'healthy',
    windows,
    score: scoreOf(windows, 'healthy'),
    settings: { interval_s: 60, timeout_ms: 10_000, unhealthy_threshold: 3, healthy_threshold: 2 },
    codes: new Map(),
    ...over,
  };
}

const codes = (found: Findings): string[] => recommend(found).map(({ code }) => code);

test('all is well: nothing to do', () => {
  expect(codes(findings({ checks: 1_440, upMs: 1 }))).toEqual([]);
});

test('each finding has its advice, with the figures behind it', () => {
  const last = { code: 'AUTH_FAILED' as const, message: 'The source refused the credentials.' };
  expect(recommend(findings({}, { state: 'misconfigured', last }))).toEqual([
    expect.objectContaining({
      code: 'mend_configuration',
      severity: 'critical',
      reason: 'The last check ended with AUTH_FAILED. The source refused the credentials.',
    }),
  ]);
  expect(codes(findings({}, { state: 'unreachable' }))).toEqual(['check_reachability']);
  expect(codes(findings({ checks: 100, failures: 5 }, { codes: new Map([['TIMEOUT', 4]]) }))).toEqual([
    'raise_timeout',
  ]);
  expect(codes(findings({ checks: 100, failures: 3, flips: 6 }))).toEqual(['raise_unhealthy_threshold']);
  expect(codes(findings({ checks: 100, inconclusive: 10 }))).toEqual(['look_at_inconclusive']);
  const { settings } = findings();
  expect(codes(findings({}, { settings: { ...settings, interval_s: 3_600 } }))).toEqual(['check_more_often']);
});

test('advice on latency and scatter follows the parts of the score', () => {
  const score = {
    value: 50,
    parts: [
      { name: 'latency', weight: 0.5, value: 10, reason: 'slow' },
      { name: 'stability', weight: 0.5, value: 10, reason: 'scattered' },
    ],
  } as const;
  expect(codes(findings({}, { score }))).toEqual(['look_at_latency', 'look_at_variance']);
});
