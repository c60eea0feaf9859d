import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Log } from '../platform/telemetry/log.js';
import { AUDIT_COLUMNS, auditRow, type AuditEntry } from './audit-entry.js';
import { Repeats } from './repeats.js';

const INSERT = `INSERT INTO audit_events (${AUDIT_COLUMNS})
  VALUES (${AUDIT_COLUMNS.split(', ')
    .map((_, index) => `$${String(index + 1)}`)
    .join(', ')})`;

/** The log of who did what. Rows are added, never changed: PostgreSQL refuses it to everyone. */
@Injectable()
export class AuditService {
  private readonly repeats: Repeats;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
    clock: Clock,
  ) {
    this.repeats = new Repeats(clock);
  }

  /** Records a change in the transaction of that change: where the record fails, the change is rolled back. */
  async record(tx: Tx, actor: Actor, entry: AuditEntry): Promise<void> {
    await tx.query(INSERT, auditRow(actor, entry));
  }

  /**
   * Records what happened outside of any change, such as a refusal, in a transaction of its own. The same thing by the
   * same actor is one row a minute; the next row says in `details.repeated` how often it happened in between. Never
   * rejects: a fault goes to the log.
   */
  async recordApart(actor: Actor, entry: AuditEntry): Promise<void> {
    const repeated = this.repeats.heldBack(
      [actor.orgId, actor.userId, entry.action, entry.targetId].join('\n'),
    );
    if (repeated === undefined) return;
    const row = repeated > 0 ? { ...entry, details: { ...entry.details, repeated } } : entry;
    try {
      await this.database.inOrg(actor.orgId, (tx) => this.record(tx, actor, row));
    } catch (error) {
      this.log.fault('audit.record_failed', error, { action: entry.action });
    }
  }
}
