/** Upper bound of the first bucket, in milliseconds. */
const FIRST_MS = 0.5;
/** Four buckets for each doubling: up to 27 s in 64 buckets, and what is longer in the last one. */
const PER_DOUBLING = 4;

export const LATENCY_BUCKETS = 64;

/** The bucket of a duration in milliseconds, from 0. */
export function latencyBucket(ms: number): number {
  if (!(ms > FIRST_MS)) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(PER_DOUBLING * Math.log2(ms / FIRST_MS)));
}

/** Upper bound of a bucket in milliseconds. */
export function latencyBound(bucket: number): number {
  return FIRST_MS * 2 ** (bucket / PER_DOUBLING);
}

/**
 * The duration in milliseconds below which the share `q` (0–1) of the counted checks stays, or undefined where nothing
 * was counted. Within a bucket it assumes an even spread over the logarithm, so it is right to a fifth.
 */
export function latencyQuantile(counts: readonly number[], q: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let rest = q * total;
  for (const [bucket, count] of counts.entries()) {
    if (count === 0) continue;
    if (rest <= count) return latencyBound(bucket - 1 + rest / count);
    rest -= count;
  }
  return latencyBound(LATENCY_BUCKETS - 1);
}
