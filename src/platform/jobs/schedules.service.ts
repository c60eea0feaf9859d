import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../database/database.service.js';

/** `wake` ends a pause or a maintenance, `purge` ends the grace time of a deleted source. */
export type ScheduleKind = 'probe' | 'discovery' | 'wake' | 'purge';

export interface Schedule {
  readonly kind: ScheduleKind;
  readonly orgId: string;
  readonly dataSourceId: string;
  readonly intervalS: number;
}

export interface DueSource {
  readonly orgId: string;
  readonly dataSourceId: string;
  /** Milliseconds since it was due. */
  readonly lateMs: number;
}

interface DueRow {
  readonly org_id: string;
  readonly data_source_id: string;
  readonly late_ms: string;
}

/** How far a run may move from its interval, so that sources which were saved together drift apart. */
const JITTER = 0.1;

/**
 * When each source is due again. Every process asks for due sources and gets others than its neighbours (SKIP LOCKED);
 * a claim moves the next run forward in the same statement, so a source is not handed out twice.
 */
@Injectable()
export class Schedules {
  constructor(private readonly database: Database) {}

  /** Sets or changes the interval; the next run comes within one interval, spread at random. */
  async set(tx: Tx, { kind, orgId, dataSourceId, intervalS }: Schedule): Promise<void> {
    await tx.query(
      `INSERT INTO schedules (kind, data_source_id, org_id, interval_s, next_run_at)
       VALUES ($1, $2, $3, $4::integer, now() + random() * make_interval(secs => $4::integer))
       ON CONFLICT (kind, data_source_id) DO UPDATE
         SET interval_s = excluded.interval_s, next_run_at = least(schedules.next_run_at, excluded.next_run_at)`,
      [kind, dataSourceId, orgId, intervalS],
    );
  }

  /** Moves the next run to `at`, such as the end of a back-off. */
  async moveTo(tx: Tx, kind: ScheduleKind, dataSourceId: string, at: Date): Promise<void> {
    await tx.query('UPDATE schedules SET next_run_at = $3 WHERE kind = $1 AND data_source_id = $2', [
      kind,
      dataSourceId,
      at,
    ]);
  }

  /** Sets a single run at `at`; it comes again every minute until it is removed, so that a failed one is not lost. */
  async once(tx: Tx, { kind, orgId, dataSourceId }: Omit<Schedule, 'intervalS'>, at: Date): Promise<void> {
    await tx.query(
      `INSERT INTO schedules (kind, data_source_id, org_id, interval_s, next_run_at) VALUES ($1, $2, $3, 60, $4)
       ON CONFLICT (kind, data_source_id) DO UPDATE SET next_run_at = excluded.next_run_at`,
      [kind, dataSourceId, orgId, at],
    );
  }

  /** Moves the next runs of several sources to so many milliseconds from now, give or take the jitter. */
  async postpone(tx: Tx, kind: ScheduleKind, pauses: ReadonlyMap<string, number>): Promise<void> {
    await tx.query(
      `UPDATE schedules s
       SET next_run_at = now() + make_interval(secs => p.ms / 1000 * (1 + ${String(JITTER)} * (2 * random() - 1)))
       FROM unnest($2::uuid[], $3::float8[]) AS p(id, ms) WHERE s.kind = $1 AND s.data_source_id = p.id`,
      [kind, [...pauses.keys()], [...pauses.values()]],
    );
  }

  /** Ends the runs of one kind, or of all kinds, for a source. */
  async remove(tx: Tx, dataSourceId: string, kind?: ScheduleKind): Promise<void> {
    await tx.query('DELETE FROM schedules WHERE data_source_id = $1 AND ($2::text IS NULL OR kind = $2)', [
      dataSourceId,
      kind ?? null,
    ]);
  }

  /** Takes up to `limit` due sources, the longest due first. */
  async claim(kind: ScheduleKind, limit: number): Promise<DueSource[]> {
    const rows = await this.database.sweep<DueRow>(
      `UPDATE schedules s
       SET next_run_at = now() + make_interval(secs => s.interval_s * (1 + ${String(JITTER)} * (2 * random() - 1)))
       FROM (SELECT data_source_id, next_run_at AS due FROM schedules
             WHERE kind = '${kind}' AND next_run_at <= now()
             ORDER BY next_run_at LIMIT ${String(limit)} FOR UPDATE SKIP LOCKED) d
       WHERE s.kind = '${kind}' AND s.data_source_id = d.data_source_id
       RETURNING s.org_id, s.data_source_id, extract(epoch FROM now() - d.due) * 1000 AS late_ms`,
    );
    return rows.map((row) => ({
      orgId: row.org_id,
      dataSourceId: row.data_source_id,
      lateMs: Number(row.late_ms),
    }));
  }
}
