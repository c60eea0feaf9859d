import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Log } from '../platform/telemetry/log.js';
import { AUDIT_COLUMNS, auditRow, type AuditEntry } from './audit-entry.js';

const INSERT = `INSERT INTO audit_events (${AUDIT_COLUMNS})
  VALUES (${AUDIT_COLUMNS.split(', ')
    .map((_, index) => `$${String(index + 1)}`)
    .join(', ')})`;
const REPEAT_MS = 60_000;
const REPEATS_KEPT = 1_000;

interface Repeats {
  readonly since: number;
  count: number;
}

/** The log of who did what. Rows are added, never changed: PostgreSQL refuses it to everyone. */
@Injectable()
export class AuditService {
  private readonly repeats = new Map<string, Repeats>();

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

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
    const repeated = this.repeated([actor.orgId, actor.userId, entry.action, entry.targetId].join('\n'));
    if (repeated === undefined) return;
    const row = repeated > 0 ? { ...entry, details: { ...entry.details, repeated } } : entry;
    try {
      await this.database.inOrg(actor.orgId, (tx) => this.record(tx, actor, row));
    } catch (error) {
      this.log.fault('audit.record_failed', error, { action: entry.action });
    }
  }

  /** How many times the key was held back; undefined where it is held back now. */
  private repeated(key: string): number | undefined {
    const now = this.clock.monotonic();
    const entry = this.repeats.get(key);
    if (entry && now - entry.since < REPEAT_MS) {
      entry.count += 1;
      return undefined;
    }
    this.repeats.delete(key);
    this.repeats.set(key, { since: now, count: 0 });
    if (this.repeats.size > REPEATS_KEPT) this.forgetOldest();
    return entry?.count ?? 0;
  }

  private forgetOldest(): void {
    for (const oldest of this.repeats.keys()) {
      this.repeats.delete(oldest);
      return;
    }
  }
}
