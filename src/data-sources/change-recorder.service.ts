import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/actor.js';
import { tlsModeOf } from '../connectors/spi/index.js';
import type { Tx } from '../platform/database/database.service.js';
import { Events } from '../platform/events/events.service.js';
import { Notifications } from '../platform/jobs/notifications.service.js';
import { weakensTls } from './connection.policy.js';
import type { DataSourceRow } from './data-sources.store.js';

/** Channel on which processes hear which source changed, so that none works from an old copy. */
export const SOURCE_CHANGED = 'datawave_source';

export interface SourceChange {
  /** Such as `created`: the audit action is `data_source.create`-like, the event `data_source.created`. */
  readonly action: string;
  readonly event: string;
  /** Names of the fields, never their values. */
  readonly changed?: readonly string[];
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Records a change of a source in the transaction of the change: who did it, the event, and the word to other processes. */
@Injectable()
export class ChangeRecorder {
  constructor(
    private readonly audit: AuditService,
    private readonly events: Events,
  ) {}

  /**
   * An audit event of its own for a connection that from now on trusts a server that is not, or not fully, verified:
   * one that was made so, or that was made weaker than it was.
   *
   * @param before the connection until now; absent for a source that is new.
   */
  async recordWeakTls(tx: Tx, actor: Actor, row: DataSourceRow, before: object = {}): Promise<void> {
    if (!weakensTls(before, row.connection)) return;
    await this.audit.record(tx, actor, {
      action: 'data_source.tls_unverified',
      targetType: 'data_source',
      targetId: row.id,
      result: 'success',
      details: { mode: tlsModeOf(row.connection), mode_before: tlsModeOf(before) },
    });
  }

  async record(tx: Tx, actor: Actor, row: DataSourceRow, change: SourceChange): Promise<void> {
    const { action, event, changed, details } = change;
    await this.audit.record(tx, actor, {
      action,
      targetType: 'data_source',
      targetId: row.id,
      result: 'success',
      ...(changed ? { changed } : {}),
      ...(details ? { details } : {}),
    });
    await this.events.emit(tx, {
      type: event,
      orgId: row.org_id,
      dataSourceId: row.id,
      payload: { ...details, ...(changed ? { changed } : {}) },
    });
    await Notifications.send(tx, SOURCE_CHANGED, row.id);
  }
}
