import type { Clock } from '../common/clock.js';

const REPEAT_MS = 60_000;
const KEPT = 1_000;

interface Repeat {
  readonly since: number;
  count: number;
}

/** Holds back what happens again within a minute, and counts it. Remembers a thousand things at most. */
export class Repeats {
  private readonly seen = new Map<string, Repeat>();

  constructor(private readonly clock: Clock) {}

  /** How often this was held back since it was let through last; undefined where it is held back now. */
  heldBack(key: string): number | undefined {
    const now = this.clock.monotonic();
    const known = this.seen.get(key);
    if (known && now - known.since < REPEAT_MS) {
      known.count += 1;
      return undefined;
    }
    this.seen.delete(key);
    this.seen.set(key, { since: now, count: 0 });
    if (this.seen.size > KEPT) this.forgetOldest();
    return known?.count ?? 0;
  }

  private forgetOldest(): void {
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest);
      return;
    }
  }
}
