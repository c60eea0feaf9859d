import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import { Config } from '../platform/config/config.js';
import { Events, type DomainEvent } from '../platform/events/events.service.js';
import { CatalogHeads } from './catalog-heads.service.js';
import { coverageKey } from './coverage.policy.js';
import { RunsService } from './runs.service.js';

/** What follows from the life of a source: it is read once it answers, read again when it is another one, left when it rests or is deleted. */
@Injectable()
export class SourceListener implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly events: Events,
    private readonly sources: DataSourcesService,
    private readonly heads: CatalogHeads,
    private readonly runs: RunsService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.events.on('data_source.status_changed', (event) => this.statusChanged(event));
    this.events.on('data_source.updated', (event) => this.updated(event));
    this.events.on('data_source.deleted', (event) => this.deleted(event));
    this.events.on('data_source.purged', ({ orgId }) => this.runs.forgetPurged(orgId));
  }

  private async statusChanged(event: DomainEvent): Promise<void> {
    const { orgId, dataSourceId, payload } = event;
    if (payload?.code === 'PAUSED' || payload?.to === 'maintenance') return this.laidToRest(event);
    if (payload?.to !== 'active') return;
    await unlessRefused(async () => {
      const { status, discovery, destination } = await this.sources.facts(orgId, dataSourceId);
      if (status !== 'active' || !discovery.auto_refresh) return;
      const { snapshot, origin } = await this.heads.read(orgId, dataSourceId);
      if (snapshot && origin === destination) return;
      const actor = systemActor(orgId, 'discovery');
      await this.runs.request(actor, dataSourceId, { mode: 'full', trigger: 'first' });
    });
  }

  /** A new filter holds from now on, not from the next refresh on. */
  private async updated({ orgId, dataSourceId, payload }: DomainEvent): Promise<void> {
    if (!Array.isArray(payload?.changed) || !payload.changed.includes('discovery')) return;
    await unlessRefused(async () => {
      const { status, discovery } = await this.sources.facts(orgId, dataSourceId);
      if (status !== 'active' || !discovery.auto_refresh) return;
      const { snapshot, coverage } = await this.heads.read(orgId, dataSourceId);
      if (!snapshot || coverage === coverageKey(discovery)) return;
      const actor = systemActor(orgId, 'discovery');
      await this.runs.request(actor, dataSourceId, { mode: 'incremental', trigger: 'schedule' });
    });
  }

  private async laidToRest(event: DomainEvent): Promise<void> {
    await unlessRefused(async () => {
      const { paused, status } = await this.sources.factsNow(event.orgId, event.dataSourceId);
      // Where it was resumed before this event came round, its runs are to go on.
      if (paused || status === 'maintenance') await this.stopRun(event);
    });
  }

  private deleted(event: DomainEvent): Promise<void> {
    return unlessRefused(() => this.stopRun(event));
  }

  private async stopRun({ orgId, dataSourceId }: DomainEvent): Promise<void> {
    const runId = await this.runs.underWay(orgId, dataSourceId);
    if (runId) await this.runs.cancel(systemActor(orgId, 'discovery'), dataSourceId, runId);
  }
}

/** A refusal is an answer: only what may pass is left to the outbox to try again. */
async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error;
  }
}
