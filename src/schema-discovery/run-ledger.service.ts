import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Jobs, type Job } from '../platform/jobs/jobs.service.js';
import { RunFeed } from './run-feed.service.js';
import { RUN_COLUMNS, toRunView, type RunRow } from './run-row.js';
import type {
  ChangeCounts,
  RunError,
  RunProgress,
  RunState,
  ScopeOutcome,
} from './schema-discovery.types.js';

/** How a run ended; what is absent stays as it was. */
export interface RunEnd {
  readonly state: Exclude<RunState, 'queued' | 'running' | 'cancelled'>;
  readonly scopes: readonly ScopeOutcome[];
  readonly counts?: ChangeCounts;
  readonly snapshot?: number;
  readonly error?: RunError;
}

/** A run keeps this many of its incomplete scopes; the snapshot keeps all. */
const SCOPES_KEPT = 100;

/** The row of a run, as the worker that holds its job writes it. */
@Injectable()
export class RunLedger {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly feed: RunFeed,
  ) {}

  /**
   * Marks the run of a job as running. `undefined` where there is nothing to do: it has ended, or its source is gone.
   *
   * @throws AppError CANCELLED behind the fence.
   */
  start(job: Job): Promise<RunRow | undefined> {
    return this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const [[row]] = await tx.query<[RunRow[], number]>(
        `UPDATE discovery_runs SET state = 'running', attempt = $2, progress = NULL, error = NULL,
           started_at = coalesce(started_at, clock_timestamp())
         WHERE id = $1 AND state IN ('queued', 'running') RETURNING ${RUN_COLUMNS}`,
        [job.refId, job.token],
      );
      if (row) await this.feed.append(tx, row.id, 'state', toRunView(row));
      return row;
    });
  }

  /** Says how far the run is. A worker that lost its job changes nothing. */
  async progress(job: Job, progress: RunProgress): Promise<void> {
    await this.database.inOrg(job.orgId, async (tx) => {
      const [, held] = await tx.query<[unknown, number]>(
        `UPDATE discovery_runs SET progress = $3 WHERE id = $1 AND attempt = $2 AND state = 'running'`,
        [job.refId, job.token, progress],
      );
      if (held > 0) await this.feed.append(tx, job.refId, 'progress', progress);
    });
  }

  /** Says that a scope was not read in full. */
  async incomplete(job: Job, scope: ScopeOutcome): Promise<void> {
    await this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      await this.feed.append(tx, job.refId, 'scope', scope);
    });
  }

  /** Ends the run in a transaction that holds the fence. */
  async end(tx: Tx, job: Job, { state, scopes, counts, snapshot, error }: RunEnd): Promise<void> {
    const incomplete = scopes.filter(({ status }) => status !== 'complete').slice(0, SCOPES_KEPT);
    const [[row]] = await tx.query<[RunRow[], number]>(
      `UPDATE discovery_runs SET state = $2, scopes = $3, counts = coalesce($4, counts), snapshot = $5, error = $6,
         finished_at = clock_timestamp()
       WHERE id = $1 AND state IN ('queued', 'running') RETURNING ${RUN_COLUMNS}`,
      [job.refId, state, JSON.stringify(incomplete), counts ?? null, snapshot ?? null, error ?? null],
    );
    if (!row) return;
    await this.feed.append(tx, row.id, 'state', toRunView(row));
    await this.feed.forgetProgress(tx, row.id);
  }

  /** Ends a run that stored nothing. @throws AppError CANCELLED behind the fence. */
  async fail(job: Job, error: RunError, scopes: readonly ScopeOutcome[] = []): Promise<void> {
    await this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      await this.end(tx, job, { state: 'failed', scopes, error });
    });
  }

  /** Leaves the run queued for another try, with the fault of this one. @throws AppError CANCELLED behind the fence. */
  async postpone(job: Job, error: RunError): Promise<void> {
    await this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const [[row]] = await tx.query<[RunRow[], number]>(
        `UPDATE discovery_runs SET state = 'queued', error = $2, progress = NULL
         WHERE id = $1 AND state = 'running' RETURNING ${RUN_COLUMNS}`,
        [job.refId, error],
      );
      if (row) await this.feed.append(tx, row.id, 'state', toRunView(row));
    });
  }
}
