/** The product as a worker, in a process of its own that tells what it uses. Started by main.ts. */
import { NestFactory } from '@nestjs/core';
import type { MetricValue } from 'prom-client';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';

export interface Usage {
  readonly userUs: number;
  readonly systemUs: number;
  readonly atMs: number;
  /** Bytes of the heap after a full collection. */
  readonly heap: number;
  readonly rss: number;
  /** Checks since the start by outcome. */
  readonly checks: Readonly<Record<string, number>>;
  /** Upper bound in seconds, and checks that began within it. */
  readonly lateness: readonly (readonly [number, number])[];
}

const app = await NestFactory.createApplicationContext(AppModule.with(loadConfig()), { logger: false });
const { registry } = app.get(Metrics);

async function valuesOf(name: string): Promise<MetricValue<string>[]> {
  const metric = await registry.getSingleMetric(name)?.get();
  return metric?.values ?? [];
}

async function usage(): Promise<Usage> {
  const { user, system } = process.cpuUsage();
  const atMs = performance.now();
  const counts = (await valuesOf('datawave_health_checks_total')).map(
    ({ labels, value }) => [String(labels.outcome), value] as const,
  );
  const buckets = (await valuesOf('datawave_health_check_lateness_seconds')).filter(
    ({ labels }) => labels.le !== undefined,
  );
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    userUs: user,
    systemUs: system,
    atMs,
    heap: heapUsed,
    rss,
    checks: Object.fromEntries(counts),
    lateness: buckets.map(({ labels, value }) => [
      labels.le === '+Inf' ? Infinity : Number(labels.le),
      value,
    ]),
  };
}

process.on('message', (ask) => {
  if (ask === 'usage') void usage().then((answer) => process.send?.(answer));
  else void app.close().then(() => process.disconnect());
});
process.send?.('ready');
