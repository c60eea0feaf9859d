import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import type { SourceRef } from '../data-sources/data-sources.types.js';
import { Database } from '../platform/database/database.service.js';
import { Schedules } from '../platform/jobs/schedules.service.js';
import { lockStates, writeChecks, type JudgedCheck } from './check-store.js';
import { HealthInstruments } from './health-instruments.js';
import { judge, type Watched } from './health.policy.js';
import type { Check } from './health.types.js';

/** The result of one check, on its way into the database. */
export interface Finished {
  readonly ref: SourceRef;
  /** Revision of the source when the check began: what happened to it meanwhile counts more than the verdict. */
  readonly revision: number;
  readonly watched: Watched;
  readonly check: Check;
  /** Called once it is stored, reported or given up. */
  readonly done: () => void;
}

/** Results wait at most this long for company. */
const WAIT_MS = 500;
/** So many results are written without waiting, and at most so many in one transaction. */
const BATCH = 250;
/** While the database is away, results wait this long between two tries; older ones are given up. */
const RETRY_MS = 1_000;
const GIVE_UP_MS = 5 * 60_000;
/** Organizations that are written, and verdicts that are reported, at the same moment. */
const PARALLEL = 4;

/**
 * Writes what checks found: one transaction for each organization and batch, never one for each check. A verdict that
 * the status of its source does not show yet is reported after the commit.
 */
@Injectable()
export class CheckWriter {
  private waiting: Finished[] = [];
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly schedules: Schedules,
    private readonly sources: DataSourcesService,
    private readonly instruments: HealthInstruments,
  ) {
    instruments.watch('unwritten', 'Results that are not stored yet', () => this.waiting.length);
  }

  /** Takes a result. A source must not come again before its `done`: a batch holds it once. */
  add(finished: Finished): void {
    this.waiting.push(finished);
    if (this.waiting.length >= BATCH) void this.flush();
    else this.wake(WAIT_MS);
  }

  /** Writes all that waits. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.writing ??= this.drain().finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0) this.wake(RETRY_MS);
    });
    return this.writing;
  }

  private wake(ms: number): void {
    this.timer ??= setTimeout(() => void this.flush(), ms);
  }

  private async drain(): Promise<void> {
    const later: Finished[] = [];
    while (this.waiting.length > 0 && later.length === 0) {
      const taken = this.waiting;
      this.waiting = [];
      await eachOf(batchesOf(taken), async (batch) => {
        later.push(...(await this.write(batch)));
      });
    }
    if (later.length > 0) this.keep(later);
  }

  /** Stores one batch of one organization; gives back what must be tried again. */
  private async write(batch: readonly Finished[]): Promise<readonly Finished[]> {
    const [first] = batch;
    if (!first) return [];
    try {
      const judged = await this.store(first.ref.orgId, batch);
      this.instruments.databaseBack();
      await this.postpone(first.ref.orgId, judged).catch((error: unknown) => {
        // The next check comes after the interval then, and asks for its pause again.
        this.instruments.fault('pause_lost', error);
      });
      await this.report(batch, judged);
      return [];
    } catch (error) {
      if (error instanceof AppError && error.code === 'DATABASE_UNAVAILABLE') {
        this.instruments.databaseAway(error);
        return batch;
      }
      // One of them cannot be stored (its source was deleted at this moment): the others must not go with it.
      if (batch.length > 1) return (await eachOf(batch, (each) => this.write([each]))).flat();
      this.instruments.fault('result_refused', error, { data_source_id: first.ref.dataSourceId });
      first.done();
      return [];
    }
  }

  private store(orgId: string, batch: readonly Finished[]): Promise<JudgedCheck[]> {
    return this.database.inOrg(orgId, async (tx) => {
      const states = await lockStates(
        tx,
        orgId,
        batch.map(({ ref }) => ref.dataSourceId),
      );
      const judged = batch.map(({ ref: { dataSourceId }, check, watched }) => ({
        dataSourceId,
        check,
        judgement: judge(states.get(dataSourceId), check, watched),
      }));
      await writeChecks(tx, orgId, judged);
      return judged;
    });
  }

  /** Not in the transaction above: whoever deletes a source locks its schedule before its state. */
  private async postpone(orgId: string, judged: readonly JudgedCheck[]): Promise<void> {
    const pauses = new Map<string, number>();
    for (const { dataSourceId, judgement } of judged)
      if (judgement.pauseMs !== undefined) pauses.set(dataSourceId, judgement.pauseMs);
    if (pauses.size > 0)
      await this.database.inOrg(orgId, (tx) => this.schedules.postpone(tx, 'probe', pauses));
  }

  private async report(batch: readonly Finished[], judged: readonly JudgedCheck[]): Promise<void> {
    await eachOf([...batch.entries()], async ([index, { ref, revision, check, done }]) => {
      const outcome = judged[index]?.judgement.report;
      try {
        if (outcome) {
          const { code, message } = check;
          const about = {
            ...(code === undefined || outcome === 'healthy' ? {} : { code }),
            ...(message === undefined || outcome === 'healthy' ? {} : { message }),
          };
          await this.sources.recordProbe(ref, { outcome, ...about }, undefined, revision);
        }
      } catch (error) {
        // The next check sees that the status does not show the verdict and reports it again.
        this.instruments.fault('verdict_lost', error, { data_source_id: ref.dataSourceId });
      } finally {
        done();
      }
    });
  }

  private keep(results: readonly Finished[]): void {
    const oldest = Date.now() - GIVE_UP_MS;
    const old = results.filter(({ check }) => check.at < oldest);
    if (old.length > 0) this.instruments.gaveUp(old.length);
    for (const { done } of old) done();
    this.waiting = [...results.filter(({ check }) => check.at >= oldest), ...this.waiting];
  }
}

/** By organization, at most `BATCH` in each. */
function batchesOf(results: readonly Finished[]): Finished[][] {
  const open = new Map<string, Finished[]>();
  const batches: Finished[][] = [];
  for (const result of results) {
    let batch = open.get(result.ref.orgId);
    if (!batch || batch.length === BATCH) {
      batches.push((batch = []));
      open.set(result.ref.orgId, batch);
    }
    batch.push(result);
  }
  return batches;
}

/** Works through `items`, `PARALLEL` at a time. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(PARALLEL, items.length) }, async () => {
      for (const item of queue) results.push(await work(item));
    }),
  );
  return results;
}
