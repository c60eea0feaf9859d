import type { ErrorCode } from '../common/app-error.js';
import type { HealthSettings } from '../data-sources/data-sources.types.js';
import type { HealthStateName } from './health.types.js';
import type { Score, Windows } from './score.policy.js';

export const RECOMMENDATIONS = [
  'mend_configuration',
  'check_reachability',
  'raise_timeout',
  'raise_unhealthy_threshold',
  'look_at_latency',
  'look_at_variance',
  'check_more_often',
  'look_at_inconclusive',
] as const;

export interface Recommendation {
  readonly code: (typeof RECOMMENDATIONS)[number];
  readonly severity: 'critical' | 'warning' | 'info';
  /** What to do. */
  readonly text: string;
  /** The figures behind it. */
  readonly reason: string;
}

export interface Findings {
  readonly state: HealthStateName;
  readonly windows: Windows;
  readonly score: Score;
  readonly settings: HealthSettings;
  /** Failed checks of the last 24 hours by code. */
  readonly codes: ReadonlyMap<ErrorCode, number>;
  readonly last?: { readonly code?: ErrorCode | undefined; readonly message?: string | undefined };
}

/** What would make the source or its watch better, the most urgent first. Empty where all is well. */
export function recommend(findings: Findings): Recommendation[] {
  return RULES.flatMap((rule) => rule(findings) ?? []);
}

const RULES: readonly ((findings: Findings) => Recommendation | undefined)[] = [
  ({ state, last }) =>
    state === 'misconfigured'
      ? {
          code: 'mend_configuration',
          severity: 'critical',
          text: 'Mend the connection or its credentials, then run a test: it is not tried again by itself, so that no account is locked.',
          reason:
            `The last check ended with ${last?.code ?? 'a fault of the configuration'}. ${last?.message ?? ''}`.trim(),
        }
      : undefined,
  ({ state, last }) =>
    state === 'unreachable'
      ? {
          code: 'check_reachability',
          severity: 'critical',
          text: 'See that the server runs and that its address can be reached from here; run a test for the exact step that fails. It is checked again by itself.',
          reason: `The last check ended with ${last?.code ?? 'a fault'}. ${last?.message ?? ''}`.trim(),
        }
      : undefined,
  ({ codes, windows: { h24 }, settings }) => {
    const timeouts = codes.get('TIMEOUT') ?? 0;
    return timeouts >= 3 && timeouts * 2 >= h24.failures
      ? {
          code: 'raise_timeout',
          severity: 'warning',
          text: `Raise health.timeout_ms above ${String(settings.timeout_ms)}, or find out why the source is slow to answer.`,
          reason: `${String(timeouts)} of ${String(h24.failures)} failed checks in 24 h ran into the timeout.`,
        }
      : undefined;
  },
  ({ windows: { h24 }, settings }) =>
    h24.flips >= 6
      ? {
          code: 'raise_unhealthy_threshold',
          severity: 'warning',
          text: `Look for a connection that comes and goes; raise health.unhealthy_threshold above ${String(settings.unhealthy_threshold)} if that is normal here.`,
          reason: `It changed ${String(h24.flips)} times between working and failing in 24 h.`,
        }
      : undefined,
  ({ score }) => {
    const part = score.parts.find(({ name }) => name === 'latency');
    return part?.value != null && part.value < 50
      ? {
          code: 'look_at_latency',
          severity: 'warning',
          text: 'Look at the load of the source and at the network: it answers slower than it used to.',
          reason: part.reason,
        }
      : undefined;
  },
  ({ score, windows: { h24 } }) => {
    const part = score.parts.find(({ name }) => name === 'stability');
    return part?.value != null && part.value < 50 && h24.flips < 6
      ? {
          code: 'look_at_variance',
          severity: 'info',
          text: 'Look for work that stalls the source at times, such as backups or long transactions.',
          reason: part.reason,
        }
      : undefined;
  },
  ({ settings }) =>
    settings.interval_s > 900
      ? {
          code: 'check_more_often',
          severity: 'info',
          text: 'Lower health.interval_s to 900 or less, so that a fault shows within a quarter of an hour.',
          reason: `It is checked every ${String(settings.interval_s)} s.`,
        }
      : undefined,
  ({ windows: { h24 } }) =>
    h24.inconclusive >= 5 && h24.inconclusive * 10 >= h24.checks
      ? {
          code: 'look_at_inconclusive',
          severity: 'warning',
          text: 'See to the free connections of the source, the drivers and the secrets: many checks cannot tell.',
          reason: `${String(h24.inconclusive)} of ${String(h24.checks)} checks in 24 h were inconclusive.`,
        }
      : undefined,
];
