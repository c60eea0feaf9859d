import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { collectProcessMetrics } from './process-metrics.js';

test('tells of processor, memory, files and a loop that was blocked', async () => {
  const registry = new Registry();
  collectProcessMetrics(registry);
  const read = async (name: string): Promise<number> => {
    const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name);
    return found?.values[0]?.value ?? Number.NaN;
  };
  expect(await read('process_cpu_seconds_total')).toBeGreaterThan(0);
  expect(await read('process_resident_memory_bytes')).toBeGreaterThan(1e6);
  expect(await read('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
  // Until the loop has turned for a moment there is nothing to compare with.
  await nextTurns();
  const end = performance.now() + 300;
  while (performance.now() < end);
  await nextTurns();
  expect(await read('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1);
});

/** A few looks of the monitor. */
function nextTurns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}
