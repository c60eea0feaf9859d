import { setTimeout as pause } from 'node:timers/promises';

/** What so many callers saw who asked one after the other, each as fast as it was answered. */
export interface LoadFigures {
  readonly calls: number;
  readonly errors: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Processor time of the client in microseconds, user and system. */
  readonly cpuUs: number;
}

/** Callers that run until they are told to stop, and the latencies in milliseconds that they saw. */
export class Load {
  private latencies: number[] = [];
  private errors = 0;
  private running = true;
  private readonly callers: Promise<void>[];

  /** @param call one call of one caller. */
  constructor(count: number, call: (caller: number) => Promise<unknown>) {
    this.callers = Array.from({ length: count }, (_, caller) => this.loop(() => call(caller)));
  }

  /** The figures of the next seconds. */
  async measure(seconds: number): Promise<LoadFigures> {
    this.latencies = [];
    this.errors = 0;
    const from = performance.now();
    const cpu = process.cpuUsage();
    await pause(seconds * 1_000);
    const { user, system } = process.cpuUsage(cpu);
    const took = (performance.now() - from) / 1_000;
    const sorted = Float64Array.from(this.latencies).sort();
    const at = (q: number): number => sorted[Math.floor(q * sorted.length)] ?? Number.NaN;
    return {
      calls: sorted.length,
      errors: this.errors,
      seconds: took,
      p50: at(0.5),
      p99: at(0.99),
      cpuUs: user + system,
    };
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.callers);
  }

  private async loop(call: () => Promise<unknown>): Promise<void> {
    while (this.running) {
      const from = performance.now();
      try {
        await call();
        this.latencies.push(performance.now() - from);
      } catch (error) {
        if (this.errors++ === 0) console.error(error);
        await pause(10);
      }
    }
  }
}
