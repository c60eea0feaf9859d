import { Injectable } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Database } from '../platform/database/database.service.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { DataSourcesService } from './data-sources.service.js';
import { lockRow } from './data-sources.store.js';
import type { SourceRef } from './data-sources.types.js';
import { Lifecycle } from './lifecycle.service.js';
import { ProbesService, verdictOf } from './probes.service.js';

/** Times that a test is repeated where the source changes while it runs. */
const MAX_ROUNDS = 5;

/** The pieces of background work on one source; each may be repeated without harm. */
@Injectable()
export class SourceChores {
  constructor(
    private readonly database: Database,
    private readonly sources: DataSourcesService,
    private readonly probes: ProbesService,
    private readonly lifecycle: Lifecycle,
    private readonly recorder: ChangeRecorder,
  ) {}

  /**
   * Tests a source and moves its status, until the verdict is about the source as it is now. Rejects with the signal's
   * reason where the test was cut off: that is no verdict, and the job is done again.
   */
  async test(ref: SourceRef, signal: AbortSignal): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const facts = await this.sources.factsNow(ref.orgId, ref.dataSourceId).catch(goneIsUndefined);
      if (facts?.status !== 'testing') return;
      const result = await this.probes.run(ref, { signal });
      signal.throwIfAborted();
      const verdict = verdictOf(result) ?? {
        outcome: 'unreachable' as const,
        code: result.steps.find(({ status }) => status === 'failed')?.code ?? 'INTERNAL',
        message: 'The test could not be finished; it is tried again.',
      };
      const status = await this.sources.recordProbe(ref, verdict, result.server, facts.revision);
      if (status !== 'testing') return;
    }
  }

  /** The test failed inside the product at every try: says so instead of leaving the source in `testing`. */
  async giveUp(ref: SourceRef, { code, message }: AppError): Promise<void> {
    await this.sources.recordProbe(ref, { outcome: 'misconfigured', code, message }).catch(goneIsUndefined);
  }

  /** Ends a pause or a maintenance whose time is over. */
  async wake({ orgId, dataSourceId }: SourceRef): Promise<void> {
    await this.lifecycle.resume(systemActor(orgId, 'wake'), dataSourceId).catch(goneIsUndefined);
  }

  /** Deletes for good what was deleted and not restored in time. */
  async purge({ orgId, dataSourceId }: SourceRef): Promise<void> {
    await this.database.inOrg(orgId, async (tx) => {
      const row = await lockRow(tx, orgId, dataSourceId);
      if (!row?.purge_at || row.purge_at.getTime() > Date.now()) return;
      await this.recorder.record(tx, systemActor(orgId, 'purge'), row, {
        action: 'data_source.purge',
        event: 'data_source.purged',
      });
      await tx.query('DELETE FROM data_sources WHERE org_id = $1 AND id = $2', [orgId, dataSourceId]);
    });
  }
}

/** A source that is gone or rests no more has nothing left to do. */
function goneIsUndefined(error: unknown): undefined {
  if (error instanceof AppError && (error.code === 'NOT_FOUND' || error.code === 'CONFLICT'))
    return undefined;
  throw error;
}
