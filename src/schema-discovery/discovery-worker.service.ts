import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Config } from '../platform/config/config.js';
import { Jobs, type Job } from '../platform/jobs/jobs.service.js';
import { DiscoveryInstruments } from './discovery-instruments.js';
import { DiscoveryReading } from './discovery-reading.service.js';
import { triesAgain } from './retry.policy.js';
import { RunLedger } from './run-ledger.service.js';
import type { RunRow } from './run-row.js';

/** Runs of one process at a time: each holds a core busy while its source answers fast. */
const CONCURRENT_RUNS = 2;
/** Runs at a time at most, those that wait for a silent source among them. */
const MOST_RUNS = 16;

/** Works off the discovery jobs and settles how each run ends. */
@Injectable()
export class DiscoveryWorker implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly jobs: Jobs,
    private readonly reading: DiscoveryReading,
    private readonly ledger: RunLedger,
    private readonly instruments: DiscoveryInstruments,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.jobs.handle('discovery', {
      concurrency: CONCURRENT_RUNS,
      most: MOST_RUNS,
      run: (job, signal) => this.run(job, signal),
      abandon: (job, fault) => this.abandon(job, fault),
    });
  }

  private async run(job: Job, signal: AbortSignal): Promise<void> {
    const run = await this.ledger.start(job);
    if (!run) return;
    const began = this.clock.monotonic();
    try {
      const { state, datasets } = await this.reading.read(job, run, signal);
      this.instruments.ended({
        ...namesOf(run),
        state,
        datasets,
        durationMs: this.clock.monotonic() - began,
      });
    } catch (error) {
      // Cancelled, taken over, or the process stops: whoever did that has settled the run, or will start it again.
      if (signal.aborted || isNotOurs(error)) throw error;
      await this.settle(job, run, faultOf(error), this.clock.monotonic() - began);
      if (!(error instanceof AppError)) this.instruments.fault('run_failed', error, namesOf(run));
    }
  }

  /** @throws the fault where the run is to be tried again, so that its job goes back to the queue. */
  private async settle(job: Job, run: RunRow, fault: AppError, durationMs: number): Promise<void> {
    const { code, message, retryable } = fault;
    if (triesAgain(fault, run.trigger, job.attempt)) {
      await this.ledger.postpone(job, { code, message, retryable });
      throw fault;
    }
    await this.ledger.fail(job, { code, message, retryable });
    this.instruments.ended({ ...namesOf(run), state: 'failed', code, datasets: 0, durationMs });
  }

  private async abandon(job: Job, { code, message, retryable }: AppError): Promise<void> {
    await this.reading.abandon(job);
    await this.ledger.fail(job, { code, message, retryable });
  }
}

function namesOf(run: RunRow): { dataSourceId: string; runId: string; trigger: RunRow['trigger'] } {
  return { dataSourceId: run.data_source_id, runId: run.id, trigger: run.trigger };
}

/** The product's own trouble: nothing that a run could be told to have failed of. Its job starts it again. */
function isNotOurs(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'CANCELLED' || error.code === 'DATABASE_UNAVAILABLE');
}

function faultOf(error: unknown): AppError {
  return error instanceof AppError
    ? error
    : new AppError('INTERNAL', 'The discovery failed inside the product.');
}
