import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';
import { Jobs, type Job } from '../platform/jobs/jobs.service.js';
import { Schedules, type ScheduleKind } from '../platform/jobs/schedules.service.js';
import { Log } from '../platform/telemetry/log.js';
import { SourceChores } from './source-chores.service.js';
import type { SourceRef } from './data-sources.types.js';

const CONCURRENT_TESTS = 16;
/** Tests at a time at most, those that wait for a silent source among them. */
const MOST_TESTS = 256;
const BATCH = 20;

/** Does in the background what sources wait for: tests after a change, the end of pauses, the purge of deleted ones. */
@Injectable()
export class SourceWorker implements OnApplicationBootstrap {
  private busy = false;

  constructor(
    private readonly config: Config,
    private readonly jobs: Jobs,
    private readonly schedules: Schedules,
    private readonly chores: SourceChores,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.jobs.handle('test', {
      concurrency: CONCURRENT_TESTS,
      most: MOST_TESTS,
      run: (job, signal) => this.chores.test(refOf(job), signal),
      abandon: (job, fault) => this.chores.giveUp(refOf(job), fault),
    });
  }

  @Interval(1_000)
  async tick(): Promise<void> {
    if (this.busy || this.config.role === 'api') return;
    this.busy = true;
    try {
      await this.due('wake', (ref) => this.chores.wake(ref));
      await this.due('purge', (ref) => this.chores.purge(ref));
    } catch (error) {
      if (!(error instanceof AppError)) this.log.fault('sources.tick_failed', error);
    } finally {
      this.busy = false;
    }
  }

  private async due(kind: ScheduleKind, work: (ref: SourceRef) => Promise<void>): Promise<void> {
    for (const { orgId, dataSourceId } of await this.schedules.claim(kind, BATCH)) {
      try {
        await work({ orgId, dataSourceId });
      } catch (error) {
        this.log.fault(`sources.${kind}_failed`, error, { data_source_id: dataSourceId });
      }
    }
  }
}

function refOf(job: Job): SourceRef {
  return { orgId: job.orgId, dataSourceId: job.refId };
}
