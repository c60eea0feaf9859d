import { Injectable } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Database } from '../platform/database/database.service.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import type { Capability, ServerInfo } from '../connectors/spi/index.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { factsOf, isPaused, lockRow, updateRow } from './data-sources.store.js';
import type { DataSourceFacts, SourceRef, SourceStatus, Verdict } from './data-sources.types.js';
import { SourceCache } from './source-cache.service.js';
import { reasonOf } from './status-reason.js';
import { nextStatus } from './status.policy.js';

/** What other modules ask and tell about a data source. */
@Injectable()
export class DataSourcesService {
  constructor(
    private readonly database: Database,
    private readonly cache: SourceCache,
    private readonly registry: ConnectorRegistry,
    private readonly recorder: ChangeRecorder,
  ) {}

  /** @throws AppError NOT_FOUND for an id that is unknown, deleted or of another organization. */
  async facts(orgId: string, id: string): Promise<DataSourceFacts> {
    return factsOf(await this.cache.row({ orgId, dataSourceId: id }));
  }

  /**
   * Refuses work that sources of a type can never do here, before anything is queued for it.
   *
   * @throws AppError UNSUPPORTED, or DRIVER_MISSING.
   */
  requireFacet({ type }: DataSourceFacts, facet: Capability): void {
    this.registry.requireFacet(this.registry.get(type), facet);
  }

  /** The facts, read now: for work that a change has set off. The next `facts` are at least as new. */
  async factsNow(orgId: string, id: string): Promise<DataSourceFacts> {
    return factsOf(await this.cache.latest({ orgId, dataSourceId: id }));
  }

  /**
   * Moves the status to what a test or a series of checks concluded; nothing happens where it says the same as before.
   *
   * @param tested revision of the source when the test began: whatever happened to the source since then came later than
   *   what the verdict is about, which is dropped.
   * @returns the status afterwards.
   */
  async recordProbe(
    ref: SourceRef,
    verdict: Verdict,
    server?: ServerInfo,
    tested?: number,
  ): Promise<SourceStatus> {
    const known = await this.cache.row(ref);
    const code = verdict.code ?? 'OK';
    if (known.status !== 'testing' && known.status_reason.code === code && same(known.server, server))
      return known.status;
    return this.database.inOrg(ref.orgId, async (tx) => {
      const row = await lockRow(tx, ref.orgId, ref.dataSourceId);
      if (!row || row.deleted_at) throw AppError.notFound('data source');
      const paused = isPaused(row);
      if (paused || (tested !== undefined && tested !== row.revision)) return row.status;
      const status = nextStatus(row.status, verdict.outcome, paused);
      const settled = status === CONCLUSIONS[verdict.outcome];
      if (!settled || (status === row.status && row.status_reason.code === code && same(row.server, server)))
        return row.status;
      const updated = await updateRow(tx, row, {
        status,
        status_reason: reasonOf(code, verdict.message ?? 'The source answers.'),
        ...(server ? { server } : {}),
      });
      await this.recorder.record(tx, systemActor(ref.orgId, 'probe'), updated, {
        action: 'data_source.status',
        event: 'data_source.status_changed',
        details: { from: row.status, to: status, code },
      });
      return status;
    });
  }
}

/** The status that a verdict asks for. */
const CONCLUSIONS: Readonly<Record<Verdict['outcome'], SourceStatus>> = {
  healthy: 'active',
  unreachable: 'inactive',
  misconfigured: 'failed',
};

function same(known: ServerInfo | null, seen: ServerInfo | undefined): boolean {
  return !seen || (known?.product === seen.product && known.version === seen.version);
}
