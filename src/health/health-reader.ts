import type { ErrorCode } from '../common/app-error.js';
import type { Tx } from '../platform/database/database.service.js';
import { LATENCY_BUCKETS } from './latency-histogram.js';
import type { CheckOutcome, HealthVerdict, WindowName, WindowSums } from './health.types.js';

/** One source in one organization. */
type Key = readonly [orgId: string, dataSourceId: string];

export interface StateFacts {
  readonly verdict: HealthVerdict;
  readonly last_check_at: Date;
  readonly last_outcome: CheckOutcome;
  readonly last_code: ErrorCode | null;
  readonly last_message: string | null;
  readonly last_duration_ms: number;
  readonly last_ok_at: Date | null;
  readonly covers_ms: number;
}

export interface RawCheck {
  readonly at: Date;
  readonly outcome: CheckOutcome;
  readonly code: ErrorCode | null;
  readonly duration_ms: number;
}

interface SumsRow {
  readonly checks: number;
  readonly failures: number;
  readonly inconclusive: number;
  readonly flips: number;
  readonly up_ms: number;
  readonly down_ms: number;
  readonly latency: readonly number[];
}

export interface BucketSums {
  readonly from: Date;
  readonly sums: WindowSums;
}

/** A stretch of the history, newest first; both ends in milliseconds since the epoch. */
export interface Stretch {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly limit: number;
}

/** Adds up hours by `key`: sums, and the histograms bucket by bucket. */
const SUMS = (key: string): string => `, buckets AS (
  SELECT ${key} AS key, i, sum(c)::int AS c FROM hours, unnest(latency) WITH ORDINALITY AS l(c, i) GROUP BY ${key}, i
)
SELECT ${key}, sum(checks)::int AS checks, sum(failures)::int AS failures, sum(inconclusive)::int AS inconclusive,
  sum(flips)::int AS flips, sum(up_ms)::float8 AS up_ms, sum(down_ms)::float8 AS down_ms,
  (SELECT array_agg(c ORDER BY i) FROM buckets WHERE key = hours.${key}) AS latency
FROM hours GROUP BY ${key}`;

export async function readState(tx: Tx, key: Key): Promise<StateFacts | undefined> {
  const [row] = await tx.query<StateFacts[]>(
    `SELECT verdict, last_check_at, last_outcome, last_code, last_message, last_duration_ms, last_ok_at, covers_ms
     FROM health_states WHERE org_id = $1 AND data_source_id = $2`,
    [...key],
  );
  return row;
}

export async function readNextCheck(tx: Tx, key: Key): Promise<Date | undefined> {
  const [row] = await tx.query<{ next_run_at: Date }[]>(
    `SELECT next_run_at FROM schedules WHERE org_id = $1 AND data_source_id = $2 AND kind = 'probe'`,
    [...key],
  );
  return row?.next_run_at;
}

/** The sums of each window. Each hour is read once: the windows are nested. */
export async function readWindows(tx: Tx, key: Key): Promise<Record<WindowName, WindowSums>> {
  const rows = await tx.query<(SumsRow & { band: number })[]>(
    `WITH hours AS (
       SELECT *, CASE WHEN hour > now() - interval '24 hours' THEN 0 WHEN hour > now() - interval '7 days' THEN 1
         ELSE 2 END AS band
       FROM health_hours WHERE org_id = $1 AND data_source_id = $2 AND hour > now() - interval '30 days'
     ) ${SUMS('band')}`,
    [...key],
  );
  const upTo = (band: number): WindowSums =>
    rows.filter((row) => row.band <= band).reduce((sums, row) => plus(sums, sumsOf(row)), NOTHING);
  return { h24: upTo(0), d7: upTo(1), d30: upTo(2) };
}

/** Failed checks of the last 24 hours by code. */
export async function readCodes(tx: Tx, key: Key): Promise<Map<ErrorCode, number>> {
  const rows = await tx.query<{ code: ErrorCode; checks: number }[]>(
    `SELECT code, count(*)::int AS checks FROM health_checks
     WHERE org_id = $1 AND data_source_id = $2 AND at > now() - interval '24 hours' AND outcome = 'failed'
       AND code IS NOT NULL GROUP BY code`,
    [...key],
  );
  return new Map(rows.map(({ code, checks }) => [code, checks]));
}

export async function readChecks(
  tx: Tx,
  key: Key,
  { from, to, limit }: Stretch,
  outcome?: CheckOutcome,
): Promise<RawCheck[]> {
  return tx.query<RawCheck[]>(
    `SELECT at, outcome, code, duration_ms FROM health_checks
     WHERE org_id = $1 AND data_source_id = $2 AND at >= $3 AND at < $4 AND ($5::text IS NULL OR outcome = $5)
     ORDER BY at DESC LIMIT $6`,
    [...key, new Date(from), new Date(to), outcome ?? null, limit],
  );
}

/** The history by hours or by days of UTC. */
export async function readBuckets(
  tx: Tx,
  key: Key,
  unit: 'hour' | 'day',
  { from, to, limit }: Stretch,
): Promise<BucketSums[]> {
  const rows = await tx.query<(SumsRow & { bucket: Date })[]>(
    `WITH hours AS (
       SELECT *, date_trunc('${unit}', hour, 'UTC') AS bucket FROM health_hours
       WHERE org_id = $1 AND data_source_id = $2 AND hour >= date_trunc('${unit}', $3::timestamptz, 'UTC') AND hour < $4
       ORDER BY hour DESC LIMIT $5
     ) ${SUMS('bucket')} ORDER BY bucket DESC LIMIT $6`,
    [...key, new Date(from), new Date(to), unit === 'day' ? limit * 24 : limit, limit],
  );
  return rows.map((row) => ({ from: row.bucket, sums: sumsOf(row) }));
}

const NOTHING: WindowSums = {
  checks: 0,
  failures: 0,
  inconclusive: 0,
  flips: 0,
  upMs: 0,
  downMs: 0,
  latency: Array.from({ length: LATENCY_BUCKETS }, () => 0),
};

function sumsOf({ up_ms, down_ms, checks, failures, inconclusive, flips, latency }: SumsRow): WindowSums {
  return { checks, failures, inconclusive, flips, latency, upMs: up_ms, downMs: down_ms };
}

function plus(a: WindowSums, b: WindowSums): WindowSums {
  return {
    checks: a.checks + b.checks,
    failures: a.failures + b.failures,
    inconclusive: a.inconclusive + b.inconclusive,
    flips: a.flips + b.flips,
    upMs: a.upMs + b.upMs,
    downMs: a.downMs + b.downMs,
    latency: a.latency.map((count, bucket) => count + (b.latency[bucket] ?? 0)),
  };
}
