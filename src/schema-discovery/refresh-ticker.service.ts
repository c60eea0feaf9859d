import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import { Config } from '../platform/config/config.js';
import { Schedules, type DueSource } from '../platform/jobs/schedules.service.js';
import { DiscoveryInstruments } from './discovery-instruments.js';
import { RunsService } from './runs.service.js';

const TICK_MS = 1_000;
const BATCH = 50;

/** Asks for an incremental run of each source whose interval is over. Processes share the due ones. */
@Injectable()
export class RefreshTicker {
  private busy = false;

  constructor(
    private readonly config: Config,
    private readonly schedules: Schedules,
    private readonly sources: DataSourcesService,
    private readonly runs: RunsService,
    private readonly instruments: DiscoveryInstruments,
  ) {}

  @Interval(TICK_MS)
  async tick(): Promise<void> {
    if (this.busy || this.config.role === 'api') return;
    this.busy = true;
    try {
      for (const due of await this.schedules.claim('discovery', BATCH)) await this.refresh(due);
    } catch (error) {
      // The product's database is away: the sources stay due.
      if (!(error instanceof AppError)) this.instruments.fault('tick_failed', error);
    } finally {
      this.busy = false;
    }
  }

  private async refresh({ orgId, dataSourceId }: DueSource): Promise<void> {
    try {
      const { status, discovery } = await this.sources.facts(orgId, dataSourceId);
      if (status !== 'active' || !discovery.auto_refresh) return;
      const actor = systemActor(orgId, 'discovery');
      await this.runs.request(actor, dataSourceId, { mode: 'incremental', trigger: 'schedule' });
    } catch (error) {
      // A source that was deleted or paused in between is nothing to tell.
      if (!(error instanceof AppError))
        this.instruments.fault('refresh_failed', error, { data_source_id: dataSourceId });
    }
  }
}
