import { AppError, type ErrorCode } from '../common/app-error.js';
import type { Check, CheckOutcome } from './health.types.js';

type TestOutcome = 'ok' | 'degraded' | 'failed' | 'unsupported' | 'inconclusive' | 'not_permitted';

/** What counts of a test's result. */
interface Probed {
  readonly outcome: TestOutcome;
  readonly duration_ms: number;
  readonly steps: readonly {
    readonly status: string;
    readonly code?: ErrorCode;
    readonly message?: string;
  }[];
}

/** What a test says about the health of its source. */
const OUTCOME_OF: Readonly<Record<TestOutcome, CheckOutcome>> = {
  ok: 'ok',
  degraded: 'degraded',
  failed: 'failed',
  not_permitted: 'failed',
  unsupported: 'inconclusive',
  inconclusive: 'inconclusive',
};

/** Faults that tell of the product or of a person's will, not of the source. */
const TELLS_NOTHING: ReadonlySet<ErrorCode> = new Set(['BUSY', 'THROTTLED', 'DRIVER_MISSING']);
/** Faults after which there is nothing to record. */
const NOTHING_TO_TELL: ReadonlySet<ErrorCode> = new Set([
  'NOT_FOUND',
  'SOURCE_PAUSED',
  'CANCELLED',
  'DATABASE_UNAVAILABLE',
]);

/** The check that a test amounts to; `at` is when it began, in milliseconds since the epoch. */
export function checkOfResult(result: Probed, at: number): Check {
  const failed = result.steps.find(({ status }) => status === 'failed');
  return {
    at,
    outcome: OUTCOME_OF[result.outcome],
    ...(failed?.code === undefined ? {} : { code: failed.code }),
    ...(failed?.message === undefined ? {} : { message: storable(failed.message) }),
    durationMs: result.duration_ms,
  };
}

/**
 * The check that a rejected probe amounts to, or undefined where there is nothing to record: the source is gone or
 * was just paused, or the process stops.
 */
export function checkOfError(error: unknown, at: number, durationMs: number): Check | undefined {
  if (!(error instanceof AppError))
    return { at, outcome: 'inconclusive', code: 'INTERNAL', message: 'The check itself failed.', durationMs };
  const { code, blame, message } = error;
  if (NOTHING_TO_TELL.has(code)) return undefined;
  const tells = blame !== 'internal' && !TELLS_NOTHING.has(code);
  return { at, outcome: tells ? 'failed' : 'inconclusive', code, message: storable(message), durationMs };
}

/** A server's words may hold a NUL byte, which no text column takes. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '').slice(0, 500);
}
