import { ERROR_CODES, type ErrorCode } from '../common/app-error.js';
import type { DataSourceFacts } from '../data-sources/data-sources.types.js';
import type { Check, HealthVerdict, WatchState } from './health.types.js';

/** What the policy needs to know of the source itself. */
export interface Watched {
  readonly status: 'active' | 'inactive' | 'failed';
  /** Milliseconds since the epoch. */
  readonly statusSince: number;
  readonly intervalS: number;
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

export interface Judgement {
  readonly after: WatchState;
  /** The verdict that the status of the source does not show yet. */
  readonly report?: HealthVerdict;
  /** Milliseconds until the next check, where it is not the interval. */
  readonly pauseMs?: number;
  /** Milliseconds since the last check that its outcome accounts for: up, down or neither. */
  readonly covered: { readonly upMs: number; readonly downMs: number };
  /** It worked the last time and fails now, or the other way round. */
  readonly flipped: boolean;
}

/** What the policy needs of a source, or undefined where checks say nothing: paused, in maintenance, being tested. */
export function watchedBy({ status, reason, paused, health }: DataSourceFacts): Watched | undefined {
  if (paused || status === 'maintenance' || status === 'testing') return undefined;
  return {
    status,
    statusSince: Date.parse(reason.since),
    intervalS: health.interval_s,
    unhealthyThreshold: health.unhealthy_threshold,
    healthyThreshold: health.healthy_threshold,
  };
}

/** Whether a source is checked by itself: one that a person must mend is not, so that no login is tried again. */
export function isChecked({ status }: Watched): boolean {
  return status !== 'failed';
}

/** The status that shows a verdict. */
const SHOWN_BY = { active: 'healthy', inactive: 'unreachable', failed: 'misconfigured' } as const;

/**
 * Faults of the configuration that come and go by themselves (a name server that stumbles, a file that is being
 * replaced): they count like an unreachable source, so that it comes back without a person. None of them is a login.
 */
const PASSING: ReadonlySet<ErrorCode> = new Set(['HOST_UNKNOWN', 'TUNNEL_FAILED', 'FILE_NOT_FOUND']);

/** Longest pause between two checks of a source that stays unreachable, unless its interval is longer. */
const MAX_PAUSE_S = 600;

/** An outcome holds until the next check; where none comes, no longer than this many intervals. */
const COVERS_INTERVALS = 2;

/** Whether a fault needs a person: one failed check decides, so that no account is locked by trying again. */
export function needsPerson(code: ErrorCode | undefined): boolean {
  if (code === undefined || PASSING.has(code)) return false;
  const { blame } = ERROR_CODES[code];
  return blame === 'config' || blame === 'caller';
}

/**
 * Judges one check: counts it, moves the verdict where a threshold is reached and says when to check again.
 *
 * `before` is absent at the first check. A status that someone else set after our verdict (a person's test, a new
 * password) wins: counting starts again from there. A verdict whose report got lost is reported again.
 */
export function judge(before: WatchState | undefined, check: Check, source: Watched): Judgement {
  const shown = SHOWN_BY[source.status];
  const kept =
    before && (before.verdict === shown || before.since >= source.statusSince)
      ? before
      : { verdict: shown, since: source.statusSince, successes: 0, failures: 0 };
  const worked = isUp(check);
  const failed = check.outcome === 'failed';
  const successes = worked ? kept.successes + 1 : failed ? 0 : kept.successes;
  const failures = failed ? kept.failures + 1 : worked ? 0 : kept.failures;
  const verdict = verdictOf(kept.verdict, check, { successes, failures }, source);
  const pauseMs = verdict === 'unreachable' && failed ? backOffMs(failures, source) : undefined;
  const consistent = (verdict === 'healthy') === worked;
  return {
    after: {
      verdict,
      since: verdict === kept.verdict ? kept.since : check.at,
      successes,
      failures,
      lastCheckAt: check.at,
      lastOutcome: check.outcome,
      coversMs: Math.round(COVERS_INTERVALS * (pauseMs ?? source.intervalS * 1_000)),
    },
    ...(verdict !== shown && consistent && check.outcome !== 'inconclusive' ? { report: verdict } : {}),
    ...(pauseMs === undefined ? {} : { pauseMs }),
    covered: coveredBy(before, check.at),
    flipped: before !== undefined && isUp({ outcome: before.lastOutcome }) !== worked,
  };
}

/** Time since the last check by what that check found: its outcome holds until the next one, within its cover. */
export function coveredBy(
  before: Pick<WatchState, 'lastCheckAt' | 'lastOutcome' | 'coversMs'> | undefined,
  until: number,
): { upMs: number; downMs: number } {
  if (!before) return { upMs: 0, downMs: 0 };
  const ms = Math.round(Math.max(0, Math.min(until - before.lastCheckAt, before.coversMs)));
  return {
    upMs: isUp({ outcome: before.lastOutcome }) ? ms : 0,
    downMs: before.lastOutcome === 'failed' ? ms : 0,
  };
}

/** Whether the source served at a check. */
export function isUp({ outcome }: Pick<Check, 'outcome'>): boolean {
  return outcome === 'ok' || outcome === 'degraded';
}

function verdictOf(
  verdict: HealthVerdict,
  check: Check,
  row: { readonly successes: number; readonly failures: number },
  source: Watched,
): HealthVerdict {
  if (check.outcome === 'failed') {
    if (needsPerson(check.code)) return 'misconfigured';
    return verdict === 'healthy' && row.failures >= source.unhealthyThreshold ? 'unreachable' : verdict;
  }
  return verdict !== 'healthy' && row.successes >= source.healthyThreshold ? 'healthy' : verdict;
}

/** Doubles with each failure beyond the threshold, from one interval up to ten minutes. */
function backOffMs(failures: number, { intervalS, unhealthyThreshold }: Watched): number {
  const doublings = Math.min(20, Math.max(0, failures - unhealthyThreshold));
  return Math.min(intervalS * 2 ** doublings, Math.max(MAX_PAUSE_S, intervalS)) * 1_000;
}
