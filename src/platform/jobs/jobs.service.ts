import { Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { AppError } from '../../common/app-error.js';
import { Database, type Tx } from '../database/database.service.js';
import { Log } from '../telemetry/log.js';
import { Metrics } from '../telemetry/metrics.js';
import { JobSignals } from './job-signals.js';

export type JobKind = 'test' | 'discovery' | 're_encryption';

/** What a job is about: ids alone, never a secret. The row that `refId` names is the truth about the work. */
export interface JobRef {
  readonly kind: JobKind;
  readonly orgId: string;
  readonly refId: string;
}

export interface Job extends JobRef {
  readonly id: string;
  /** Fencing token: it grows with each claim, and work of an older token must not be stored. See `fence`. */
  readonly token: number;
  /** Which try it is since the work was asked for; the first one is 1. */
  readonly attempt: number;
}

export interface JobHandler {
  /** Jobs of this kind that one process runs at a time while they are quick. */
  readonly concurrency: number;
  /** Jobs that run at a time at most, the slow ones among them; see SLOW_MS. `concurrency` unless told. */
  readonly most?: number;
  /** Does the work. The signal aborts when the job is cancelled, taken over or the process stops. */
  run(job: Job, signal: AbortSignal): Promise<void>;
  /** Called instead of `run` once `MAX_ATTEMPTS` tries have failed or ended their worker: record the fault. */
  abandon(job: Job, fault: AppError): Promise<void>;
}

const LEASE_S = 6;
const HEARTBEAT_MS = 2_000;
const POLL_MS = 1_000;
const MAX_ATTEMPTS = 3;
/** Pauses between tries double, up to this one. */
const MAX_PAUSE_S = 300;
/**
 * A job that runs longer than this most likely waits for a source that does not answer, and costs next to nothing: it
 * gives its place to the next one, so that silent sources do not hold up the others.
 */
const SLOW_MS = 2_000;

interface JobRow {
  readonly id: string;
  readonly kind: JobKind;
  readonly org_id: string;
  readonly ref_id: string;
  readonly token: number;
  readonly attempts: number;
}

/**
 * Work that outlives a request. The queue is a table: a job is added in the transaction that makes it necessary, is
 * held by a lease, and starts again elsewhere at most 10 s after its worker died. Job signals (PostgreSQL, or Redis
 * where it is configured) only say "look now".
 */
@Injectable()
export class Jobs implements OnModuleInit, BeforeApplicationShutdown {
  private readonly handlers = new Map<JobKind, JobHandler>();
  private readonly running = new Map<
    string,
    { job: Job; since: number; controller: AbortController; done: Promise<void> }
  >();
  private poll: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;
  private lookAgain = false;
  private stopping = false;
  private readonly givenUp;

  constructor(
    private readonly database: Database,
    private readonly signals: JobSignals,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.givenUp = metrics.counter(
      'datawave_jobs_given_up_total',
      'Jobs that failed or ended their worker at every try',
      ['kind'],
    );
  }

  onModuleInit(): void {
    this.signals.onWork(() => void this.look());
    this.signals.onCancel((refId) => {
      for (const { job, controller } of this.running.values())
        if (job.refId === refId) controller.abort(new AppError('CANCELLED', 'The work was cancelled.'));
    });
  }

  /** Takes on the work of a kind; called by workers, not by processes that only serve the API. */
  handle(kind: JobKind, handler: JobHandler): void {
    this.handlers.set(kind, handler);
    this.poll ??= setInterval(() => void this.look(), POLL_MS);
  }

  /**
   * Adds a job in the caller's transaction. The same work is queued once however often it is added; work that is
   * running at that moment is done once more afterwards, because it may have started from older facts. Whoever asks anew
   * gets all attempts anew.
   */
  async add(tx: Tx, { kind, orgId, refId }: JobRef): Promise<void> {
    await tx.query(
      `INSERT INTO jobs (id, kind, org_id, ref_id) VALUES ($1, $2, $3, $4) 
       ON CONFLICT (kind, ref_id) DO UPDATE SET again = (jobs.state = 'running'), run_at = now(),
         attempts = CASE jobs.state WHEN 'running' THEN jobs.attempts ELSE 0 END`,
      [uuid(), kind, orgId, refId],
    );
    await this.signals.work(tx, { kind, refId });
  }

  /** Takes a job away in the caller's transaction; a worker that runs it is stopped. */
  async cancel(tx: Tx, kind: JobKind, refId: string): Promise<void> {
    await tx.query('DELETE FROM jobs WHERE kind = $1 AND ref_id = $2', [kind, refId]);
    await this.signals.cancel(tx, refId);
  }

  /**
   * Proves inside the transaction that is about to store results that this worker still holds the job, and holds it
   * until the transaction ends. A worker that stops in the middle of it (a frozen machine, a cut line) keeps the job from
   * others no longer than its lease: the server ends a transaction that is idle for that long.
   *
   * @throws AppError CANCELLED when the job was cancelled or another worker has taken it over.
   */
  async fence(tx: Tx, job: Job): Promise<void> {
    const held = await tx.query<unknown[]>(
      `SELECT set_config('idle_in_transaction_session_timeout', '${String(LEASE_S)}s', true)
       FROM jobs WHERE id = $1 AND token = $2 AND state = 'running' FOR UPDATE`,
      [job.id, job.token],
    );
    if (held.length === 0)
      throw new AppError('CANCELLED', 'Another worker holds this work now, or it was cancelled.');
  }

  /** Jobs that this process runs now. */
  get active(): number {
    return this.running.size;
  }

  /** Stops taking jobs, stops the running ones and hands them back, so that another process starts them at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    clearInterval(this.poll);
    // A claim that is on its way still brings jobs: they are started, and stopped with the others.
    await this.looking;
    const reason = new AppError('CANCELLED', 'The process is stopping.');
    const ending = [...this.running.values()].map(({ controller, done }) => {
      controller.abort(reason);
      return done;
    });
    await Promise.allSettled(ending);
  }

  /** Takes jobs, one look at a time; a call while one looks makes it look once more. */
  private async look(): Promise<void> {
    if (this.stopping) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = this.takeJobs();
    await this.looking;
    this.looking = undefined;
    if (!this.lookAgain) return;
    this.lookAgain = false;
    await this.look();
  }

  private async takeJobs(): Promise<void> {
    for (const [kind, handler] of this.handlers) {
      try {
        const free = this.freePlaces(kind, handler);
        if (free > 0) for (const job of await this.claim(kind, free)) this.start(job, handler);
      } catch (error) {
        if (!(error instanceof AppError)) this.log.fault('jobs.claim_failed', error);
      }
    }
  }

  private freePlaces(kind: JobKind, { concurrency, most = concurrency }: JobHandler): number {
    const now = performance.now();
    const all = [...this.running.values()].filter(({ job }) => job.kind === kind);
    const quick = all.filter(({ since }) => now - since < SLOW_MS);
    return Math.min(concurrency - quick.length, most - all.length);
  }

  private async claim(kind: JobKind, limit: number): Promise<Job[]> {
    const rows = await this.database.sweep<JobRow>(
      `UPDATE jobs SET state = 'running', token = token + 1, attempts = attempts + 1,
         lease_until = now() + interval '${String(LEASE_S)} s'
       WHERE id IN (SELECT id FROM jobs WHERE kind = '${kind}' AND (
           (state = 'queued' AND run_at <= now()) OR (state = 'running' AND lease_until < now()))
         ORDER BY run_at LIMIT ${String(limit)} FOR UPDATE SKIP LOCKED)
       RETURNING id, kind, org_id, ref_id, token, attempts`,
    );
    return rows.map(({ id, org_id: orgId, ref_id: refId, token, attempts: attempt }) => ({
      id,
      kind,
      orgId,
      refId,
      token,
      attempt,
    }));
  }

  private start(job: Job, handler: JobHandler): void {
    const controller = new AbortController();
    const heartbeat = setInterval(() => void this.renew(job, controller), HEARTBEAT_MS);
    const done = this.work(job, handler, controller.signal).finally(() => {
      clearInterval(heartbeat);
      this.running.delete(job.id);
      void this.look();
    });
    this.running.set(job.id, { job, since: performance.now(), controller, done });
  }

  private async work(job: Job, handler: JobHandler, signal: AbortSignal): Promise<void> {
    try {
      if (job.attempt > MAX_ATTEMPTS) await this.giveUp(job, handler);
      else await handler.run(job, signal);
      await this.end(job, 'DELETE FROM jobs WHERE id = $1 AND token = $2 AND NOT again');
      await this.end(
        job,
        `UPDATE jobs SET state = 'queued', attempts = 0, again = false, lease_until = NULL
         WHERE id = $1 AND token = $2`,
      );
    } catch (error) {
      if (!(error instanceof AppError))
        this.log.fault('jobs.run_failed', error, { kind: job.kind, ref_id: job.refId });
      // Handed back: at once when the process stops, which is no attempt, or when it was asked for anew; else after a pause
      // that doubles. Nothing happens to a stale token.
      const pauseS = this.stopping ? 0 : Math.min(2 ** job.attempt, MAX_PAUSE_S);
      const attempts = this.stopping ? 'attempts - 1' : 'attempts';
      await this.end(
        job,
        `UPDATE jobs SET state = 'queued', again = false, lease_until = NULL,
           attempts = CASE WHEN again THEN 0 ELSE ${attempts} END,
           run_at = CASE WHEN again THEN now() ELSE now() + interval '${String(pauseS)} s' END
         WHERE id = $1 AND token = $2`,
      );
    }
  }

  private async giveUp(job: Job, handler: JobHandler): Promise<void> {
    const fault = new AppError(
      'ATTEMPTS_EXHAUSTED',
      `The work failed or ended its worker ${String(MAX_ATTEMPTS)} times and is not tried again; an operator must look into the logs.`,
    );
    await handler.abandon(job, fault);
    this.givenUp.inc({ kind: job.kind });
    this.log.fault('jobs.given_up', fault, { kind: job.kind, ref_id: job.refId });
  }

  private async end(job: Job, statement: string): Promise<void> {
    try {
      await this.database.asScheduler((tx) => tx.query(statement, [job.id, job.token]));
    } catch (error) {
      // The lease runs out by itself, and the work is idempotent.
      this.log.fault('jobs.end_failed', error, { kind: job.kind, ref_id: job.refId });
    }
  }

  private async renew(job: Job, controller: AbortController): Promise<void> {
    try {
      const [, held] = await this.database.asScheduler((tx) =>
        tx.query<[unknown, number]>(
          `UPDATE jobs SET lease_until = now() + interval '${String(LEASE_S)} s' WHERE id = $1 AND token = $2`,
          [job.id, job.token],
        ),
      );
      if (held === 0) controller.abort(new AppError('CANCELLED', 'The work was cancelled or taken over.'));
    } catch {
      // The database is away for now: the fence decides at the end whether this worker still holds the job.
    }
  }
}
