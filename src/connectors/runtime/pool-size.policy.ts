/** How a pool was used since it was last looked at. */
export interface PoolLoad {
  /** Sessions that it may have now. */
  readonly size: number;
  /** What the source asks for. */
  readonly base: number;
  /** As far as it may grow by itself. */
  readonly max: number;
  readonly inUse: number;
  readonly waiting: number;
  readonly waitP95Ms: number;
  /** Openings that failed: a source that refuses more is not asked for more. */
  readonly failed: number;
}

/** A wait that callers notice. */
const LONG_WAIT_MS = 20;
const GROWTH = 1.5;
/** Below this share of its sessions in use a grown pool shrinks again. */
const SLACK = 0.5;

/**
 * The size that a pool should have: it grows by half where all its sessions are in use and callers wait, and goes back
 * by a quarter where less than half of them are in use. Never below what the source asks for, never above its maximum.
 */
export function nextSize({ size, base, max, inUse, waiting, waitP95Ms, failed }: PoolLoad): number {
  const pressed = inUse >= size && (waiting > 0 || waitP95Ms >= LONG_WAIT_MS);
  if (pressed) return failed > 0 ? size : Math.min(max, Math.ceil(size * GROWTH));
  if (size > base && waiting === 0 && inUse < size * SLACK)
    return Math.max(base, inUse, Math.floor(size * 0.75));
  return Math.min(max, Math.max(base, size));
}
