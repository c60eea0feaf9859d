import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.service.js';
import type { RunState, SnapshotScope } from './schema-discovery.types.js';

export interface SnapshotCounts {
  readonly schemas: number;
  readonly datasets: number;
  readonly by_kind: Readonly<Record<string, number>>;
}

export interface SnapshotHead {
  readonly seq: number;
  readonly scopes: readonly SnapshotScope[];
  readonly counts: SnapshotCounts;
  readonly createdAt: Date;
}

/** Where the catalog of a source stands, without its datasets. */
export interface CatalogHead {
  /** The asked snapshot, or the served one; absent where there is none. */
  readonly snapshot: SnapshotHead | undefined;
  /** The served one. */
  readonly servedSeq: number | undefined;
  readonly revision: number;
  /** The filter that the served snapshot was read with; see `coverageKey`. */
  readonly coverage: string | undefined;
  /** Destination of the source that it is of. */
  readonly origin: string | undefined;
  /** When a run last said that the served snapshot holds. */
  readonly discoveredAt: Date | undefined;
  readonly lastRun: { readonly id: string; readonly state: RunState } | undefined;
  /** How the last run ended that did. */
  readonly lastOutcome: RunState | undefined;
}

interface HeadRow {
  readonly served: number | null;
  readonly revision: number | null;
  readonly coverage: string | null;
  readonly origin: string | null;
  readonly discovered_at: Date | null;
  readonly seq: number | null;
  readonly scopes: readonly SnapshotScope[];
  readonly counts: SnapshotCounts;
  readonly created_at: Date;
  readonly run_id: string | null;
  readonly run_state: RunState;
  readonly outcome: RunState | null;
}

@Injectable()
export class CatalogHeads {
  constructor(private readonly database: Database) {}

  /** One round trip. @param seq the wanted snapshot; the served one unless given. */
  async read(orgId: string, dataSourceId: string, seq?: number): Promise<CatalogHead> {
    const [row] = await this.database.readInOrg<HeadRow>(
      orgId,
      `SELECT c.seq AS served, c.revision, c.coverage, c.origin, c.discovered_at, s.seq, s.scopes, s.counts, s.created_at,
         r.id AS run_id, r.state AS run_state, e.state AS outcome
       FROM (SELECT $1::uuid AS data_source_id) q
       LEFT JOIN catalogs c USING (data_source_id)
       LEFT JOIN snapshots s ON s.data_source_id = $1 AND s.seq = coalesce($2, c.seq) AND s.state = 'committed'
       LEFT JOIN LATERAL (
         SELECT id, state FROM discovery_runs WHERE data_source_id = $1 ORDER BY id DESC LIMIT 1) r ON true
       LEFT JOIN LATERAL (
         SELECT state FROM discovery_runs WHERE data_source_id = $1 AND state IN ('succeeded', 'partial', 'failed')
         ORDER BY id DESC LIMIT 1) e ON true`,
      [dataSourceId, seq ?? null],
    );
    return {
      snapshot:
        row?.seq == null
          ? undefined
          : { seq: row.seq, scopes: row.scopes, counts: row.counts, createdAt: row.created_at },
      servedSeq: row?.served ?? undefined,
      revision: row?.revision ?? 0,
      coverage: row?.coverage ?? undefined,
      origin: row?.origin ?? undefined,
      discoveredAt: row?.discovered_at ?? undefined,
      lastRun: row?.run_id == null ? undefined : { id: row.run_id, state: row.run_state },
      lastOutcome: row?.outcome ?? undefined,
    };
  }

  /** The snapshot before `seq` that is still kept. */
  async before(orgId: string, dataSourceId: string, seq: number): Promise<number | undefined> {
    const [row] = await this.database.readInOrg<{ seq: number }>(
      orgId,
      `SELECT seq FROM snapshots WHERE data_source_id = $1 AND state = 'committed' AND seq < $2
       ORDER BY seq DESC LIMIT 1`,
      [dataSourceId, seq],
    );
    return row?.seq;
  }
}
