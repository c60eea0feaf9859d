import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';
import { Database } from '../platform/database/database.service.js';
import { HealthInstruments } from './health-instruments.js';

const EVERY_MS = 60_000;
/** Rows in one transaction: short enough that nobody waits for its locks. */
const BATCH = 2_000;
/** Any number that only this work uses: two processes would delete the same rows. */
const LOCK = 4_027_303;

const OUTDATED = [
  { table: 'health_checks', time: 'at', age: '48 hours' },
  { table: 'health_hours', time: 'hour', age: '35 days' },
] as const;

/** Deletes checks after 48 hours and hours after 35 days, in small batches. */
@Injectable()
export class HealthPruner implements BeforeApplicationShutdown {
  private running: Promise<number> | undefined;
  private stopping = false;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly instruments: HealthInstruments,
  ) {}

  @Interval(EVERY_MS)
  tick(): void {
    if (this.config.role !== 'api') void this.prune();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  /** Deletes what is outdated; gives back how many rows went. Never rejects. */
  prune(): Promise<number> {
    this.running ??= this.run().finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(): Promise<number> {
    let deleted = 0;
    try {
      for (const { table, time, age } of OUTDATED) {
        for (let batch = BATCH; batch === BATCH && !this.stopping; deleted += batch)
          batch = await this.deleteBatch(table, time, age);
      }
    } catch (error) {
      if (!(error instanceof AppError)) this.instruments.fault('prune_failed', error);
    }
    return deleted;
  }

  private deleteBatch(table: string, time: string, age: string): Promise<number> {
    return this.database.asScheduler(async (tx) => {
      const [lock] = await tx.query<{ taken: boolean }[]>('SELECT pg_try_advisory_xact_lock($1) AS taken', [
        LOCK,
      ]);
      if (!lock?.taken) return 0;
      const [, count] = await tx.query<[unknown, number]>(
        `DELETE FROM ${table} WHERE (data_source_id, ${time}) IN (
           SELECT data_source_id, ${time} FROM ${table} WHERE ${time} < now() - interval '${age}'
           ORDER BY ${time} LIMIT ${String(BATCH)})`,
      );
      return count;
    });
  }
}
