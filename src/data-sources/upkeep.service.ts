import { Injectable } from '@nestjs/common';
import type { Tx } from '../platform/database/database.service.js';
import { Jobs } from '../platform/jobs/jobs.service.js';
import { Schedules } from '../platform/jobs/schedules.service.js';
import type { DataSourceRow } from './data-sources.store.js';

/** Days that a deleted source can be restored. */
export const GRACE_DAYS = 30;

/** What the product has to do for a source by itself: probes, refreshes, tests, the end of a pause, the purge. */
@Injectable()
export class Upkeep {
  constructor(
    private readonly schedules: Schedules,
    private readonly jobs: Jobs,
  ) {}

  /** Sets the intervals of a source that exists. */
  async start(tx: Tx, { org_id: orgId, id: dataSourceId, health, discovery }: DataSourceRow): Promise<void> {
    await this.schedules.set(tx, { kind: 'probe', orgId, dataSourceId, intervalS: health.interval_s });
    if (discovery.auto_refresh)
      await this.schedules.set(tx, {
        kind: 'discovery',
        orgId,
        dataSourceId,
        intervalS: discovery.interval_s,
      });
    else await this.schedules.remove(tx, dataSourceId, 'discovery');
  }

  /** Queues the test that moves a source out of `testing`. */
  async test(tx: Tx, { org_id: orgId, id: refId }: DataSourceRow): Promise<void> {
    await this.jobs.add(tx, { kind: 'test', orgId, refId });
  }

  /** Ends a pause or a maintenance at `until`; null where only a person ends it. */
  async wake(tx: Tx, { org_id: orgId, id: dataSourceId }: DataSourceRow, until: Date | null): Promise<void> {
    if (until) await this.schedules.once(tx, { kind: 'wake', orgId, dataSourceId }, until);
    else await this.schedules.remove(tx, dataSourceId, 'wake');
  }

  /** Ends everything for a deleted source but its purge. */
  async retire(tx: Tx, { org_id: orgId, id: dataSourceId }: DataSourceRow, purgeAt: Date): Promise<void> {
    await this.schedules.remove(tx, dataSourceId);
    await this.schedules.once(tx, { kind: 'purge', orgId, dataSourceId }, purgeAt);
    await this.jobs.cancel(tx, 'test', dataSourceId);
  }

  /** Takes a restored source back into service, or into its rest: one whose time is over by now ends at once. */
  async revive(tx: Tx, row: DataSourceRow): Promise<void> {
    await this.schedules.remove(tx, row.id, 'purge');
    await this.start(tx, row);
    await this.wake(tx, row, row.status_until);
    if (row.status === 'testing') await this.test(tx, row);
  }
}
