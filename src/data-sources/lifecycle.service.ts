import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Database } from '../platform/database/database.service.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { isPaused, lockRow, rests, updateRow, type DataSourceRow } from './data-sources.store.js';
import type { StatusReason } from './data-sources.types.js';
import { reasonOf } from './status-reason.js';
import { nextStatus, type StatusEvent } from './status.policy.js';
import { Upkeep } from './upkeep.service.js';

interface Move {
  readonly action: string;
  readonly event: StatusEvent;
  readonly reason: StatusReason;
  readonly until: Date | null;
}

/** What people do to the status of a source: pause, maintenance, resume, retry. */
@Injectable()
export class Lifecycle {
  constructor(
    private readonly database: Database,
    private readonly recorder: ChangeRecorder,
    private readonly upkeep: Upkeep,
  ) {}

  /** Leaves the source alone, until `until` or until somebody resumes it. */
  pause(
    actor: Actor,
    id: string,
    reason: string | undefined,
    until: string | undefined,
  ): Promise<DataSourceRow> {
    return this.move(actor, id, {
      action: 'data_source.pause',
      event: 'paused',
      reason: reasonOf('PAUSED', reason ?? 'Paused by a person.'),
      until: until === undefined ? null : inFuture(until),
    });
  }

  /** No probes and no alerts until `until`. */
  maintain(actor: Actor, id: string, reason: string | undefined, until: string): Promise<DataSourceRow> {
    return this.move(actor, id, {
      action: 'data_source.maintenance',
      event: 'maintenance',
      reason: reasonOf('MAINTENANCE', reason ?? 'In maintenance.'),
      until: inFuture(until),
    });
  }

  /** Ends a pause or a maintenance with a test. */
  resume(actor: Actor, id: string): Promise<DataSourceRow> {
    const reason = reasonOf('RETRY', 'Resumed; a test is running.');
    return this.move(actor, id, { action: 'data_source.resume', event: 'resumed', reason, until: null });
  }

  /** Tests a source again that failed or was not reachable. */
  retry(actor: Actor, id: string): Promise<DataSourceRow> {
    const reason = reasonOf('RETRY', 'Tried again; a test is running.');
    return this.move(actor, id, { action: 'data_source.retry', event: 'retried', reason, until: null });
  }

  private move(actor: Actor, id: string, { action, event, reason, until }: Move): Promise<DataSourceRow> {
    return this.database.inOrg(actor.orgId, async (tx) => {
      const row = await lockRow(tx, actor.orgId, id);
      if (!row || row.deleted_at) throw AppError.notFound('data source');
      const paused = isPaused(row);
      const resting = rests(row);
      if (event === 'resumed' && !resting)
        throw new AppError('CONFLICT', 'The data source is neither paused nor in maintenance.');
      if (event === 'retried' && resting)
        throw new AppError('CONFLICT', 'The data source is paused or in maintenance: resume it.');
      const status = nextStatus(row.status, event, paused);
      const updated = await updateRow(tx, row, { status, status_reason: reason, status_until: until });
      await this.upkeep.wake(tx, updated, until);
      if (status === 'testing') await this.upkeep.test(tx, updated);
      await this.recorder.record(tx, actor, updated, {
        action,
        event: 'data_source.status_changed',
        details: { from: row.status, to: status, code: reason.code },
      });
      return updated;
    });
  }
}

function inFuture(until: string): Date {
  const at = new Date(until);
  if (Number.isNaN(at.getTime()) || at.getTime() <= Date.now())
    throw AppError.invalid('/until', 'This must be a moment in the future.', 'future');
  return at;
}
