import { Injectable } from '@nestjs/common';
import { Log } from '../platform/telemetry/log.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { Check } from './health.types.js';

/** What the process tells of its checks: metrics, and faults in the log. */
@Injectable()
export class HealthInstruments {
  private readonly checks;
  private readonly durations;
  private readonly lateness;
  private quiet = false;

  constructor(
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {
    this.checks = metrics.counter('datawave_health_checks_total', 'Checks of data sources', [
      'outcome',
      'code',
    ]);
    this.durations = metrics.histogram(
      'datawave_health_check_duration_seconds',
      'Duration of the checks of data sources',
      ['outcome'],
    );
    this.lateness = metrics.histogram(
      'datawave_health_check_lateness_seconds',
      'Time from when a check was due to when it began',
    );
  }

  /** Registers what is read when it is scraped. */
  watch(name: 'in_flight' | 'unwritten', help: string, read: () => number): void {
    this.metrics.gauge(`datawave_health_checks_${name}`, help, read);
  }

  began(lateMs: number): void {
    this.lateness.observe(Math.max(0, lateMs) / 1_000);
  }

  ended({ outcome, code, durationMs }: Check): void {
    this.checks.inc({ outcome, code: code ?? '' });
    this.durations.observe({ outcome }, durationMs / 1_000);
  }

  /** The product's database is away: said once, until it is back. */
  databaseAway(error: unknown): void {
    if (this.quiet) return;
    this.quiet = true;
    this.log.fault('health.database_away', error);
  }

  databaseBack(): void {
    if (this.quiet) this.log.event('info', 'health.database_back');
    this.quiet = false;
  }

  fault(name: string, error: unknown, facts: Record<string, unknown> = {}): void {
    this.log.fault(`health.${name}`, error, facts);
  }

  gaveUp(results: number): void {
    this.log.event('warn', 'health.results_given_up', { results });
  }
}
