/** Checks that may run at the same moment while they are quick. */
const QUICK = 64;
/** A check that takes longer than this counts as slow: it waits for a silent source and needs next to no CPU. */
const QUICK_MS = 500;
/** Checks that may run at the same moment at most, the slow ones among them. */
const ALL = 512;

/**
 * How many checks a process runs at the same moment. A check that has become slow gives its quick place back, so
 * sources that never answer do not hold up those that do.
 */
export class ProbeSlots {
  private quick = 0;
  private all = 0;

  /** Checks that may start now. */
  get free(): number {
    return Math.min(QUICK - this.quick, ALL - this.all);
  }

  get taken(): number {
    return this.all;
  }

  /** Takes a place; the returned function gives it back. `freed` is called whenever a quick place came free. */
  take(freed: () => void): () => void {
    this.quick += 1;
    this.all += 1;
    let isQuick = true;
    const leaveQuick = (): void => {
      if (!isQuick) return;
      isQuick = false;
      this.quick -= 1;
    };
    const slow = setTimeout(() => {
      leaveQuick();
      freed();
    }, QUICK_MS);
    return () => {
      clearTimeout(slow);
      leaveQuick();
      this.all -= 1;
      freed();
    };
  }
}
