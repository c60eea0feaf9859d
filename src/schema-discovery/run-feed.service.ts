import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Notifications } from '../platform/jobs/notifications.service.js';

export type RunEventType = 'state' | 'progress' | 'scope';

export interface RunEvent {
  readonly seq: number;
  readonly type: RunEventType;
  readonly data: Record<string, unknown>;
}

const CHANNEL = 'datawave_discovery';
/** A hint may be lost: whoever waits also looks by the clock. */
const LOOK_MS = 1_000;
const PAGE = 500;

/** What happens to runs, in order, for whoever watches: in this process or another, now or after a broken line. */
@Injectable()
export class RunFeed implements OnModuleInit, BeforeApplicationShutdown {
  private readonly waiting = new Map<string, Set<() => void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
  ) {}

  onModuleInit(): void {
    this.notifications.on(CHANNEL, (runId) => {
      // An empty hint comes after a lost line: it may stand for any run.
      const woken = runId === '' ? [...this.waiting.values()] : [this.waiting.get(runId) ?? []];
      for (const set of woken) for (const wake of [...set]) wake();
    });
  }

  /** Open streams end before the server waits for its connections. */
  beforeApplicationShutdown(): void {
    this.stopping.abort();
  }

  /** Adds an event in the caller's transaction; watchers hear of it after the commit. */
  async append(tx: Tx, runId: string, type: RunEventType, data: object): Promise<void> {
    await tx.query(
      `WITH run AS (UPDATE discovery_runs SET event_seq = event_seq + 1 WHERE id = $1 RETURNING id, org_id, event_seq)
       INSERT INTO discovery_run_events (run_id, org_id, seq, type, data) SELECT id, org_id, event_seq, $2, $3 FROM run`,
      [runId, type, data],
    );
    await Notifications.send(tx, CHANNEL, runId);
  }

  /** Drops what only those cared for who watched: how far the run was at which moment. */
  async forgetProgress(tx: Tx, runId: string): Promise<void> {
    await tx.query(`DELETE FROM discovery_run_events WHERE run_id = $1 AND type = 'progress'`, [runId]);
  }

  /** Events after `after` that are there now, oldest first. */
  read(orgId: string, runId: string, after: number): Promise<RunEvent[]> {
    return this.database.readInOrg<RunEvent>(
      orgId,
      `SELECT seq, type, data FROM discovery_run_events WHERE run_id = $1 AND seq > $2
       ORDER BY seq LIMIT ${String(PAGE)}`,
      [runId, after],
    );
  }

  /** Resolves when something may have happened to the run, after a second at the latest; at once when stopping. */
  change(runId: string, signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.stopping.signal]);
    if (ended.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const set = this.waiting.get(runId) ?? new Set();
      this.waiting.set(runId, set);
      const wake = (): void => {
        clearTimeout(timer);
        ended.removeEventListener('abort', wake);
        set.delete(wake);
        if (set.size === 0 && this.waiting.get(runId) === set) this.waiting.delete(runId);
        resolve();
      };
      const timer = setTimeout(wake, LOOK_MS);
      ended.addEventListener('abort', wake, { once: true });
      set.add(wake);
    });
  }

  get stopped(): boolean {
    return this.stopping.signal.aborted;
  }
}
