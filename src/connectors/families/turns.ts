import { setImmediate as otherWork } from 'node:timers/promises';

/** Longest time, in milliseconds, for which work that is done in small steps keeps the event loop. */
const TURN_MS = 5;

/** Gives the event loop to others now and then, in the middle of work that has many small steps. */
export class Turns {
  private since = performance.now();

  /** To be awaited between two steps: at most of them it is at once. */
  async give(): Promise<void> {
    if (performance.now() - this.since <= TURN_MS) return;
    await otherWork();
    this.since = performance.now();
  }
}
