import { Injectable } from '@nestjs/common';
import type { Counter, Histogram } from 'prom-client';
import { onErrand, PURPOSES, type Purpose } from '../connectors/spi/index.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { SourceRef } from './data-sources.types.js';
import { SourceLoad, type LoadReport } from './source-load.js';

/** Sources whose statements are kept in memory; the one that has been quiet for longest makes room. */
const SOURCES = 2_000;

/**
 * Counts what the product runs on its sources. It is the memory of this process: what an earlier process or another one
 * ran is not in it.
 */
@Injectable()
export class LoadLedger {
  private readonly loads = new Map<string, SourceLoad>();
  private readonly statements: ReadonlyMap<Purpose, Counter.Internal>;
  private readonly seconds: ReadonlyMap<Purpose, Histogram.Internal<'purpose'>>;

  constructor(metrics: Metrics) {
    const total = metrics.counter('datawave_source_statements_total', 'Statements that sources ran', [
      'purpose',
    ]);
    const seconds = metrics.histogram(
      'datawave_source_statements_seconds',
      'Time that sources took for a statement',
      ['purpose'],
    );
    this.statements = new Map(PURPOSES.map((purpose) => [purpose, total.labels(purpose)]));
    this.seconds = new Map(PURPOSES.map((purpose) => [purpose, seconds.labels(purpose)]));
  }

  /** Runs `work`; each statement that it leads to is tagged with the purpose and counted for the source. */
  watch<T>(ref: SourceRef, purpose: Purpose, by: string, work: () => Promise<T>): Promise<T> {
    const load = this.loadOf(ref.dataSourceId);
    const total = this.statements.get(purpose);
    const seconds = this.seconds.get(purpose);
    return onErrand(
      {
        purpose,
        by,
        note: (record) => {
          total?.inc();
          seconds?.observe(record.ms / 1_000);
          load.add({ ...record, purpose, by });
        },
      },
      work,
    );
  }

  /** What ran on a source; the caller has seen to it that the source may be seen. */
  report(dataSourceId: string): LoadReport {
    return (this.loads.get(dataSourceId) ?? new SourceLoad()).report(Date.now());
  }

  private loadOf(id: string): SourceLoad {
    const load = this.loads.get(id) ?? new SourceLoad();
    // Put at the end: the first one is the one that has been quiet for longest.
    this.loads.delete(id);
    if (this.loads.size >= SOURCES)
      for (const quiet of this.loads.keys()) if (this.loads.delete(quiet)) break;
    this.loads.set(id, load);
    return load;
  }
}
