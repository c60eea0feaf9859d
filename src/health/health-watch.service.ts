import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { setMaxListeners } from 'node:events';
import { AppError } from '../common/app-error.js';
import { withDeadline } from '../common/deadline.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import type { SourceRef } from '../data-sources/data-sources.types.js';
import { ProbesService } from '../data-sources/probes.service.js';
import { Config } from '../platform/config/config.js';
import { Schedules, type DueSource } from '../platform/jobs/schedules.service.js';
import { checkOfError, checkOfResult } from './check.policy.js';
import { CheckWriter } from './check-writer.service.js';
import { HealthInstruments } from './health-instruments.js';
import { isChecked, watchedBy } from './health.policy.js';
import type { Check } from './health.types.js';
import { ProbeSlots } from './probe-slots.js';

const TICK_MS = 250;
/** Due sources are asked for in at least so many places: a claim for one place would cost as much as the check. */
const MIN_CLAIM = 16;
/** Pause after a claim that failed. */
const AWAY_MS = 1_000;

/**
 * Checks every source when it is due. All workers share the due sources; inside one process a source is never checked
 * twice at once, from the claim until its result is stored.
 */
@Injectable()
export class HealthWatch implements BeforeApplicationShutdown {
  private readonly slots = new ProbeSlots();
  private readonly busy = new Map<string, Promise<void>>();
  private readonly stop = new AbortController();
  private readonly isWorker: boolean;
  private claiming: Promise<void> | undefined;
  private more = false;
  private notBefore = 0;

  constructor(
    config: Config,
    private readonly schedules: Schedules,
    private readonly sources: DataSourcesService,
    private readonly probes: ProbesService,
    private readonly writer: CheckWriter,
    private readonly instruments: HealthInstruments,
  ) {
    this.isWorker = config.role !== 'api';
    // Each running check listens for the stop.
    setMaxListeners(0, this.stop.signal);
    instruments.watch('in_flight', 'Checks that run now', () => this.slots.taken);
  }

  /** Starts the checks that are due, as far as there is room. */
  @Interval(TICK_MS)
  look(): void {
    if (!this.isWorker || this.stop.signal.aborted || performance.now() < this.notBefore) return;
    if (this.slots.free < MIN_CLAIM) {
      this.more = true;
      return;
    }
    this.claiming ??= this.claim().finally(() => (this.claiming = undefined));
  }

  /** Starts nothing new, ends what runs and stores what is known. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort(new AppError('CANCELLED', 'The process is stopping.'));
    await this.claiming;
    await Promise.all(this.busy.values());
    await this.writer.flush();
  }

  private async claim(): Promise<void> {
    const room = this.slots.free;
    try {
      const due = await this.schedules.claim('probe', room);
      this.instruments.databaseBack();
      // What was claimed and is dropped here, because the process stops, is due again after its interval.
      if (this.stop.signal.aborted) return;
      this.more = due.length === room;
      for (const source of due) this.begin(source);
    } catch (error) {
      this.notBefore = performance.now() + AWAY_MS;
      if (error instanceof AppError) this.instruments.databaseAway(error);
      else this.instruments.fault('claim_failed', error);
    }
  }

  private begin(due: DueSource): void {
    if (this.busy.has(due.dataSourceId)) return;
    const leave = this.slots.take(() => {
      if (this.more) this.look();
    });
    this.instruments.began(due.lateMs);
    this.busy.set(due.dataSourceId, this.check(due).finally(leave));
  }

  private async check({ orgId, dataSourceId }: DueSource): Promise<void> {
    const ref = { orgId, dataSourceId };
    const done = (): void => void this.busy.delete(dataSourceId);
    try {
      const facts = await this.sources.facts(orgId, dataSourceId);
      const watched = watchedBy(facts);
      const check =
        watched && isChecked(watched) ? await this.probe(ref, facts.health.timeout_ms) : undefined;
      if (!watched || !check) {
        done();
        return;
      }
      this.instruments.ended(check);
      this.writer.add({ ref, revision: facts.revision, watched, check, done });
    } catch (error) {
      // Deleted since the claim, or the database is away: there is nothing to record.
      if (!(error instanceof AppError))
        this.instruments.fault('check_failed', error, { data_source_id: dataSourceId });
      done();
    }
  }

  private async probe(ref: SourceRef, timeoutMs: number): Promise<Check | undefined> {
    const at = Date.now();
    const began = performance.now();
    try {
      const result = await withDeadline(timeoutMs, this.stop.signal, (signal) =>
        this.probes.run(ref, { quick: true, signal }),
      );
      return checkOfResult(result, at);
    } catch (error) {
      const check = checkOfError(error, at, performance.now() - began);
      if (check?.code === 'INTERNAL')
        this.instruments.fault('probe_failed', error, { data_source_id: ref.dataSourceId });
      return check;
    }
  }
}
