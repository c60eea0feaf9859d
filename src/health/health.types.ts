import type { ErrorCode } from '../common/app-error.js';

/** `inconclusive`: the check could not tell, such as when a secret could not be read; it counts neither way. */
export const CHECK_OUTCOMES = ['ok', 'degraded', 'failed', 'inconclusive'] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** What the checks of a source say together, after the thresholds. */
export const VERDICTS = ['healthy', 'unreachable', 'misconfigured'] as const;
export type HealthVerdict = (typeof VERDICTS)[number];

/** What a client sees: the verdict, or why there is none. */
export const HEALTH_STATES = [...VERDICTS, 'unknown', 'suspended'] as const;
export type HealthStateName = (typeof HEALTH_STATES)[number];

/** One check of a source. */
export interface Check {
  /** Milliseconds since the epoch, when it began. */
  readonly at: number;
  readonly outcome: CheckOutcome;
  readonly code?: ErrorCode;
  /** Safe to show. */
  readonly message?: string;
  readonly durationMs: number;
}

/** Where a source stands between two checks. */
export interface WatchState {
  readonly verdict: HealthVerdict;
  /** Since when the verdict holds, in milliseconds since the epoch. */
  readonly since: number;
  /** Checks in a row; one of both is 0. */
  readonly successes: number;
  readonly failures: number;
  readonly lastCheckAt: number;
  readonly lastOutcome: CheckOutcome;
  /** How long after the last check its outcome may be taken to hold. */
  readonly coversMs: number;
}

/** How long windows look back, in hours. */
export const WINDOWS = { h24: 24, d7: 7 * 24, d30: 30 * 24 } as const;
export type WindowName = keyof typeof WINDOWS;

/** What the checks of one window add up to. */
export interface WindowSums {
  readonly checks: number;
  readonly failures: number;
  readonly inconclusive: number;
  /** Changes between working and failing. */
  readonly flips: number;
  readonly upMs: number;
  readonly downMs: number;
  /** Successful checks by duration; see latency-histogram.ts. */
  readonly latency: readonly number[];
}
