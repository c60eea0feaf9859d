import type { DataSourceFacts } from '../data-sources/data-sources.types.js';
import type { HealthBucketView, HealthCheckView, HealthLatencyView, HealthUptimeView } from './health.dto.js';
import { latencyQuantile } from './latency-histogram.js';
import type { BucketSums, RawCheck } from './health-reader.js';
import { uptimeOf } from './score.policy.js';
import { WINDOWS, type HealthStateName, type WindowName, type WindowSums } from './health.types.js';

const HOUR_MS = 3_600_000;

/** What the checks and people's acts together say of a source now. */
export function stateOf({ status, paused }: Pick<DataSourceFacts, 'status' | 'paused'>): HealthStateName {
  if (paused || status === 'maintenance') return 'suspended';
  if (status === 'testing') return 'unknown';
  return status === 'active' ? 'healthy' : status === 'failed' ? 'misconfigured' : 'unreachable';
}

export function uptimeView(sums: WindowSums, lengthMs: number): HealthUptimeView {
  const ratio = uptimeOf(sums);
  return {
    // Rounded down, so that a source that was ever down never reads as 1.
    ratio: ratio === undefined ? null : Math.floor(ratio * 1e6) / 1e6,
    observed: Math.round(Math.min(1, (sums.upMs + sums.downMs) / Math.max(1, lengthMs)) * 1e4) / 1e4,
    checks: sums.checks,
    failures: sums.failures,
  };
}

export function latencyView({ latency }: Pick<WindowSums, 'latency'>): HealthLatencyView {
  const at = (q: number): number | null => {
    const ms = latencyQuantile(latency, q);
    return ms === undefined ? null : Math.round(ms * 100) / 100;
  };
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Milliseconds from the first whole hour of a window until now. */
export function windowLengthMs(name: WindowName, now: number): number {
  return (WINDOWS[name] - 1) * HOUR_MS + (now % HOUR_MS);
}

export function checkView({ at, outcome, code, duration_ms }: RawCheck): HealthCheckView {
  return { at: at.toISOString(), outcome, code, duration_ms };
}

export function bucketView({ from, sums }: BucketSums, unit: 'hour' | 'day', now: number): HealthBucketView {
  const end = from.getTime() + (unit === 'day' ? 24 : 1) * HOUR_MS;
  return {
    from: from.toISOString(),
    to: new Date(end).toISOString(),
    uptime: uptimeView(sums, Math.min(end, now) - from.getTime()),
    latency: latencyView(sums),
  };
}
