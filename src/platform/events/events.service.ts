import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Database, type Tx } from '../database/database.service.js';
import { Notifications } from '../jobs/notifications.service.js';
import { Log } from '../telemetry/log.js';

/** A fact that happened to a data source. The payload holds ids and words of ours, never a secret. */
export interface DomainEvent {
  readonly type: string;
  readonly orgId: string;
  readonly dataSourceId: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

type Handler = (event: DomainEvent) => Promise<void>;

const BATCH = 100;
const POLL_MS = 5_000;

interface OutboxRow {
  readonly id: string;
  readonly org_id: string;
  readonly type: string;
  readonly data_source_id: string;
  readonly payload: Record<string, unknown>;
  readonly expired: boolean;
}

/**
 * The outbox: an event is stored in the transaction of the change and handed to its handlers after the commit, at least
 * once, by whichever process comes first. Handlers are idempotent. An event whose handler keeps failing is given up
 * after an hour, with an error in the log.
 */
@Injectable()
export class Events implements BeforeApplicationShutdown {
  private readonly handlers = new Map<string, Handler[]>();
  private poll: NodeJS.Timeout | undefined;
  private current: Promise<void> | undefined;
  private again = false;

  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
    private readonly log: Log,
  ) {}

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
    this.handlers.clear();
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
      while (this.handlers.size > 0 && (await this.dispatch()) === BATCH);
    } catch (error) {
      this.log.fault('outbox.dispatch_failed', error);
    }
  }

  /** Hands out one batch; gives back how many events left the outbox. */
  private dispatch(): Promise<number> {
    return this.database.asScheduler(async (tx) => {
      const rows = await tx.query<OutboxRow[]>(
        `SELECT id, org_id, type, data_source_id, payload, created_at < now() - interval '1 hour' AS expired
         FROM outbox ORDER BY id LIMIT ${String(BATCH)} FOR UPDATE SKIP LOCKED`,
      );
      const done: string[] = [];
      for (const row of rows) if ((await this.handOver(row)) || row.expired) done.push(row.id);
      if (done.length > 0) await tx.query('DELETE FROM outbox WHERE id = ANY($1)', [done]);
      return done.length;
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
