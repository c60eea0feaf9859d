/** The time, as a port so that tests of policies and schedules can set it. */
export abstract class Clock {
  /** Wall clock, for what people and other systems read. */
  abstract now(): Date;
  /** Milliseconds that only ever grow, for durations and leases. */
  abstract monotonic(): number;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }

  monotonic(): number {
    return performance.now();
  }
}
