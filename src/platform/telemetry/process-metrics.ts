import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/**
 * How often the event loop is looked at, in milliseconds. prom-client's own metrics look every 10 ms, which alone takes
 * 0.4 % of a core of an idle process; a loop that is blocked for longer than this is seen in any case.
 */
const LOOP_RESOLUTION_MS = 50;

/** Processor, memory, files, garbage collection and event loop of this process, under the names that dashboards know. */
export function collectProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process in seconds',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_start_time_seconds', 'Start of the process in seconds since the epoch', () =>
    Math.floor(performance.timeOrigin / 1_000),
  );
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  gauge('process_open_fds', 'Open files and sockets; NaN where the system does not tell', openFiles);
  gauge('nodejs_heap_size_total_bytes', 'Heap of the process', () => process.memoryUsage().heapTotal);
  gauge('nodejs_heap_size_used_bytes', 'Heap in use', () => process.memoryUsage().heapUsed);
  gauge('nodejs_external_memory_bytes', 'Memory outside of the heap', () => process.memoryUsage().external);
  collectLoop(gauge);
  collectGarbage(registers);
}

type AddGauge = (name: string, help: string, read: () => number) => void;

function collectLoop(gauge: AddGauge): void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  // What is recorded is the time between two looks, so it holds the pause between them.
  const seconds = (ns: number): number => Math.max(0, ns / 1e9 - LOOP_RESOLUTION_MS / 1_000) || 0;
  let max = 0;
  let last = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_lag_p99_seconds', 'Lag of the event loop since the last scrape', () => {
    const p99 = seconds(delay.percentile(99));
    max = seconds(delay.max);
    delay.reset();
    return p99;
  });
  gauge('nodejs_eventloop_lag_max_seconds', 'Longest lag of the event loop since the last scrape', () => max);
  gauge(
    'nodejs_eventloop_utilization',
    'Share of the time that the event loop was busy since the last scrape',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  );
}

function collectGarbage(registers: Registry[]): void {
  const durations = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Duration of garbage collections',
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
    registers,
  });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) durations.observe(duration / 1_000);
  }).observe({ entryTypes: ['gc'] });
}

function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return Number.NaN;
  }
}
