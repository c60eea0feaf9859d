import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopFigures {
  /** Longest time in which the event loop did not come round, whoever had the processor meanwhile. */
  readonly lagMs: number;
  /** Longest time for which this process itself kept its event loop busy. */
  readonly taskMs: number;
}

const TICK_MS = 1;

/**
 * Watches the event loop. Where other processes want the processor too, a delay says as much of them as of us; so the
 * longest task is measured by the processor time that the process used between two ticks, or by the clock where that
 * is less. The collector's and the compiler's threads are in it: it is an upper bound, by a tick and their share.
 */
export class LoopWatch {
  private readonly delays = monitorEventLoopDelay({ resolution: TICK_MS });
  private longestMs = 0;
  private clock = 0;
  private cpu = 0;
  private timer: NodeJS.Timeout | undefined;

  start(): void {
    [this.clock, this.cpu] = [performance.now(), processorMs()];
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.delays.enable();
  }

  stop(): LoopFigures {
    this.delays.disable();
    clearInterval(this.timer);
    this.tick();
    return { lagMs: this.delays.max / 1e6, taskMs: this.longestMs };
  }

  private tick(): void {
    const [clock, cpu] = [performance.now(), processorMs()];
    this.longestMs = Math.max(this.longestMs, Math.min(clock - this.clock, cpu - this.cpu));
    [this.clock, this.cpu] = [clock, cpu];
  }
}

/** Processor time of this process, in milliseconds. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
