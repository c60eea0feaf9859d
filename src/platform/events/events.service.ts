import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database, type Tx } from '../database/database.service.js';
import { Notifications } from '../jobs/notifications.service.js';
import { Log } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';

/** A fact that happened to a data source. The payload holds ids and words of ours, never a secret. */
export interface DomainEvent {
  readonly type: string;
  readonly orgId: string;
  readonly dataSourceId: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

type Handler = (event: DomainEvent) => Promise<void>;

const BATCH = 100;
/** Tries of an event, with pauses that double up to the longest one: they span an hour. */
const MAX_ATTEMPTS = 15;
const MAX_PAUSE_S = 600;
const POLL_MS = 5_000;

interface OutboxRow {
  readonly id: string;
  readonly org_id: string;
  readonly type: string;
  readonly data_source_id: string;
  readonly payload: Record<string, unknown>;
  readonly attempts: number;
}

/**
 * The outbox: an event is stored in the transaction of the change and handed to its handlers after the commit, at least
 * once, by whichever process comes first. Handlers are idempotent. An event whose handler fails waits for its next try, ever
 * longer, and lets the others pass; one that fails for an hour stays as dead, with an error in the log, for an operator.
 */
@Injectable()
export class Events implements BeforeApplicationShutdown {
  private readonly handlers = new Map<string, Handler[]>();
  private poll: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private readonly dead;

  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.dead = metrics.counter(
      'datawave_outbox_dead_events_total',
      'Events whose handlers failed at every try',
      ['type'],
    );
  }

  async emit(tx: Tx, { type, orgId, dataSourceId, payload = {} }: DomainEvent): Promise<void> {
    await tx.query('INSERT INTO outbox (org_id, type, data_source_id, payload) VALUES ($1, $2, $3, $4)', [
      orgId,
      type,
      dataSourceId,
      payload,
    ]);
    await Notifications.send(tx, 'datawave_outbox', '');
  }

  /** Handles a type of event; only workers do. */
  on(type: string, handler: Handler): void {
    this.handlers.set(type, [...(this.handlers.get(type) ?? []), handler]);
    if (this.poll) return;
    this.poll = setInterval(() => this.look(), POLL_MS);
    this.notifications.on('datawave_outbox', () => this.look());
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.poll);
    this.stopped = true;
    await this.current;
  }

  private look(): void {
    if (this.current) {
      this.again = true;
      return;
    }
    this.current = this.drain().finally(() => {
      this.current = undefined;
      if (this.again) {
        this.again = false;
        this.look();
      }
    });
  }

  private async drain(): Promise<void> {
    try {
      while (!this.stopped && (await this.dispatch()) === BATCH);
    } catch (error) {
      this.log.fault('outbox.dispatch_failed', error);
    }
  }

  /** Hands out one batch, those first that have failed least often; gives back how many events it held. */
  private dispatch(): Promise<number> {
    return this.database.asScheduler(async (tx) => {
      const rows = await tx.query<OutboxRow[]>(
        `SELECT id, org_id, type, data_source_id, payload, attempts FROM outbox
         WHERE dead_at IS NULL AND next_attempt_at <= now()
         ORDER BY attempts, id LIMIT ${String(BATCH)} FOR UPDATE SKIP LOCKED`,
      );
      const done: string[] = [];
      const failed: OutboxRow[] = [];
      for (const row of rows) {
        // The rest stays as it is, for another process.
        if (this.stopped) break;
        if (await this.handOver(row)) done.push(row.id);
        else failed.push(row);
      }
      if (done.length > 0) await tx.query('DELETE FROM outbox WHERE id = ANY($1)', [done]);
      if (failed.length > 0) await this.postpone(tx, failed);
      return rows.length;
    });
  }

  private async postpone(tx: Tx, failed: readonly OutboxRow[]): Promise<void> {
    // Not now(), the begin of the transaction: the handlers took their time since then.
    await tx.query(
      `UPDATE outbox SET attempts = attempts + 1,
         next_attempt_at = clock_timestamp() + make_interval(secs => least(2 ^ attempts, ${String(MAX_PAUSE_S)})),
         dead_at = CASE WHEN attempts + 1 >= ${String(MAX_ATTEMPTS)} THEN clock_timestamp() END
       WHERE id = ANY($1)`,
      [failed.map(({ id }) => id)],
    );
    const dead = failed.filter(({ attempts }) => attempts + 1 >= MAX_ATTEMPTS);
    Database.afterCommit(tx, () => {
      for (const { id, type, data_source_id } of dead) {
        this.dead.inc({ type });
        this.log.event('error', 'outbox.event_dead', { outbox_id: id, type, data_source_id });
      }
    });
  }

  private async handOver(row: OutboxRow): Promise<boolean> {
    const event = {
      type: row.type,
      orgId: row.org_id,
      dataSourceId: row.data_source_id,
      payload: row.payload,
    };
    try {
      for (const handle of this.handlers.get(row.type) ?? []) await handle(event);
      return true;
    } catch (error) {
      this.log.fault('outbox.handler_failed', error, { type: row.type, data_source_id: row.data_source_id });
      return false;
    }
  }
}
