import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Events } from '../platform/events/events.service.js';
import { Jobs } from '../platform/jobs/jobs.service.js';
import { takenBack, type Attempt } from './attempt.js';
import { visibleAt } from './version-statements.js';
import { sameScopes } from './outcome.policy.js';
import { RunLedger } from './run-ledger.service.js';
import { SCHEMA_DISCOVERED, type SchemaDiscovered } from './schema-discovery.events.js';
import type { ChangeCounts, ScopeOutcome, SnapshotScope } from './schema-discovery.types.js';

/** What an attempt has read to its end. */
export interface Reading {
  readonly state: 'succeeded' | 'partial';
  /** How the scopes of this run ended. */
  readonly read: readonly ScopeOutcome[];
  /** The scopes of the next snapshot. */
  readonly scopes: readonly ScopeOutcome[];
  readonly changes: ChangeCounts;
  /** Rows whose estimates or fingerprints were renewed in place. */
  readonly renewed: number;
  /** What the next run may compare with; null where that would hide something. */
  readonly token: string | null;
  readonly coverage: string;
  /** Destination of the source that the next snapshot is of. */
  readonly origin: string | null;
}

/** The one step in which a catalog becomes the next one. */
@Injectable()
export class SnapshotCommits {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly ledger: RunLedger,
    private readonly events: Events,
  ) {}

  /**
   * Makes the attempt's snapshot the served one, or says of the served one that it still holds where nothing changed,
   * and ends the run; all of it or nothing. Gives back the number that is served now.
   *
   * @throws AppError CANCELLED behind the fence.
   */
  commit(attempt: Attempt, reading: Reading): Promise<number> {
    const { job, dataSourceId, base, seq } = attempt;
    return this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const { added, changed, removed } = reading.changes;
      const same = base && added + changed + removed === 0 && sameScopes(base.scopes, reading.scopes);
      const served = same ? base.seq : seq;
      if (same) await this.drop(tx, attempt);
      else await this.publish(tx, attempt, reading);
      await tx.query(
        // A number under which nothing was written is given out again.
        `UPDATE catalogs SET seq = $2, last_seq = $3, token = $4, coverage = $5, revision = revision + $6, origin = $7,
           discovered_at = clock_timestamp() WHERE data_source_id = $1`,
        [
          dataSourceId,
          served,
          same ? seq - 1 : seq,
          reading.token,
          reading.coverage,
          reading.renewed > 0 ? 1 : 0,
          reading.origin,
        ],
      );
      await this.ledger.end(tx, job, {
        state: reading.state,
        scopes: reading.read,
        counts: reading.changes,
        snapshot: served,
      });
      const payload: SchemaDiscovered = { run_id: job.refId, snapshot: served, changes: reading.changes };
      await this.events.emit(tx, {
        type: SCHEMA_DISCOVERED,
        orgId: job.orgId,
        dataSourceId,
        payload: { ...payload },
      });
      return served;
    });
  }

  private async drop(tx: Tx, { dataSourceId, seq }: Attempt): Promise<void> {
    const [, dropped] = await tx.query<[unknown, number]>(
      `DELETE FROM snapshots WHERE data_source_id = $1 AND seq = $2 AND state = 'building'`,
      [dataSourceId, seq],
    );
    if (dropped === 0) throw takenBack();
  }

  private async publish(tx: Tx, { dataSourceId, seq }: Attempt, reading: Reading): Promise<void> {
    const found = await tx.query<{ schema_name: string; kind: string; datasets: number }[]>(
      `SELECT schema_name, kind, count(*)::int AS datasets FROM dataset_versions
       WHERE data_source_id = $1 AND ${visibleAt('$2')} GROUP BY schema_name, kind`,
      [dataSourceId, seq],
    );
    const bySchema = new Map<string, number>();
    const byKind: Record<string, number> = {};
    for (const { schema_name, kind, datasets } of found) {
      bySchema.set(schema_name, (bySchema.get(schema_name) ?? 0) + datasets);
      byKind[kind] = (byKind[kind] ?? 0) + datasets;
    }
    const scopes = reading.scopes.map((scope): SnapshotScope => ({
      ...scope,
      datasets: bySchema.get(scope.name) ?? 0,
    }));
    const datasets = [...bySchema.values()].reduce((sum, count) => sum + count, 0);
    const [, published] = await tx.query<[unknown, number]>(
      `UPDATE snapshots SET state = 'committed', scopes = $3, counts = $4, changes = $5,
         created_at = clock_timestamp() WHERE data_source_id = $1 AND seq = $2 AND state = 'building'`,
      [
        dataSourceId,
        seq,
        JSON.stringify(scopes),
        { schemas: scopes.length, datasets, by_kind: byKind },
        reading.changes,
      ],
    );
    if (published === 0) throw takenBack();
  }
}
