import { Injectable } from '@nestjs/common';
import { Log } from '../platform/telemetry/log.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { RunTrigger } from './schema-discovery.types.js';

export interface EndedRun {
  readonly dataSourceId: string;
  readonly runId: string;
  readonly trigger: RunTrigger;
  readonly state: 'succeeded' | 'partial' | 'failed';
  readonly code?: string;
  readonly durationMs: number;
  readonly datasets: number;
}

/** What the process tells of its discoveries: metrics, and a line in the log for each run. */
@Injectable()
export class DiscoveryInstruments {
  private readonly runs;
  private readonly durations;
  private readonly datasets;

  constructor(
    metrics: Metrics,
    private readonly log: Log,
  ) {
    this.runs = metrics.counter('datawave_discovery_runs_total', 'Discovery runs that ended', [
      'state',
      'trigger',
      'code',
    ]);
    this.durations = metrics.histogram(
      'datawave_discovery_run_duration_seconds',
      'Time that a worker spent on a run',
      ['state'],
    );
    this.datasets = metrics.counter('datawave_discovery_datasets_total', 'Datasets that runs have read');
  }

  ended({ dataSourceId, runId, trigger, state, code, durationMs, datasets }: EndedRun): void {
    this.runs.inc({ state, trigger, code: code ?? '' });
    this.durations.observe({ state }, durationMs / 1_000);
    this.datasets.inc(datasets);
    this.log.event(state === 'failed' ? 'warn' : 'info', 'discovery.ended', {
      data_source_id: dataSourceId,
      run_id: runId,
      state,
      ...(code === undefined ? {} : { code }),
      duration_ms: Math.round(durationMs),
      datasets,
      datasets_per_s: Math.round((datasets * 1_000) / Math.max(1, durationMs)),
    });
  }

  fault(name: string, error: unknown, facts: Record<string, unknown> = {}): void {
    this.log.fault(`discovery.${name}`, error, facts);
  }
}
