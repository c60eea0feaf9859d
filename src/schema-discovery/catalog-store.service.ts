import { Injectable } from '@nestjs/common';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Jobs, type Job } from '../platform/jobs/jobs.service.js';
import type { DatasetRow } from './dataset-row.js';
import { movedNoticeably } from './estimate.policy.js';
import { closeRows, openRows, renewRows, visibleAt } from './version-statements.js';
import { takenBack, type Attempt } from './attempt.js';
import type { SnapshotScope } from './schema-discovery.types.js';

export interface Written {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Rows of the served snapshot whose estimates or fingerprint were renewed. */
  readonly renewed: number;
  /** Schemas of the datasets that the served snapshot knows, one entry for each dataset. */
  readonly known: readonly string[];
}

interface CatalogRow {
  readonly last_seq: number;
  readonly seq: number | null;
  readonly token: string | null;
  readonly coverage: string | null;
  readonly origin: string | null;
}

interface StoredRow {
  readonly at: number;
  readonly content_hash: string;
  readonly fingerprint: string | null;
  readonly row_estimate: string | null;
  readonly size_bytes: string | null;
}

const CHUNK = 5_000;

/**
 * Versions of datasets. Rows are opened and closed under the number of an attempt, which no reader looks at before
 * `SnapshotCommits` moves the catalog to it. Every write holds the fence of its job.
 */
@Injectable()
export class CatalogStore {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
  ) {}

  /** Starts an attempt and clears away what earlier ones left behind. @throws AppError CANCELLED behind the fence. */
  async begin(job: Job, dataSourceId: string): Promise<Attempt> {
    const { abandoned, ...attempt } = await this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const [catalog] = await tx.query<[CatalogRow]>(
        `INSERT INTO catalogs (data_source_id, org_id, last_seq) VALUES ($1, $2, 1)
         ON CONFLICT (data_source_id) DO UPDATE SET last_seq = catalogs.last_seq + 1
         RETURNING last_seq, seq, token, coverage, origin`,
        [dataSourceId, job.orgId],
      );
      const [left] = await tx.query<[{ seq: number }[], number]>(
        `UPDATE snapshots SET state = 'abandoned' WHERE data_source_id = $1 AND state <> 'committed' RETURNING seq`,
        [dataSourceId],
      );
      await tx.query(
        `INSERT INTO snapshots (data_source_id, seq, org_id, run_id, state) VALUES ($1, $2, $3, $4, 'building')`,
        [dataSourceId, catalog.last_seq, job.orgId, job.refId],
      );
      const [base] = await tx.query<{ scopes: SnapshotScope[] }[]>(
        'SELECT scopes FROM snapshots WHERE data_source_id = $1 AND seq = $2',
        [dataSourceId, catalog.seq],
      );
      return {
        job,
        dataSourceId,
        seq: catalog.last_seq,
        base: base && catalog.seq !== null ? { ...catalog, seq: catalog.seq, ...base } : undefined,
        abandoned: left.map(({ seq }) => seq),
      };
    });
    for (const seq of abandoned) await this.clear(job.orgId, dataSourceId, seq);
    return attempt;
  }

  /** Compares datasets with the served snapshot and stores those that are new or changed. */
  async write(attempt: Attempt, rows: readonly DatasetRow[]): Promise<Written> {
    const stored = await this.stored(attempt, rows);
    const open: DatasetRow[] = [];
    const close: DatasetRow[] = [];
    const renew: DatasetRow[] = [];
    for (const [at, row] of rows.entries()) {
      const known = stored.get(at);
      if (known?.content_hash !== row.contentHash) {
        open.push(row);
        if (known) close.push(row);
      } else if (isOutdated(known, row)) renew.push(row);
    }
    if (open.length + renew.length > 0)
      await this.fenced(attempt, async (tx) => {
        await together([
          // Nothing of this is read before the commit of the snapshot, which waits for the disk for all of it.
          tx.query('SET LOCAL synchronous_commit = off'),
          close.length > 0 ? closeRows(tx, attempt, close) : undefined,
          open.length > 0 ? openRows(tx, attempt, open) : undefined,
          renew.length > 0 ? renewRows(tx, attempt, renew) : undefined,
        ]);
      });
    return {
      added: open.length - close.length,
      changed: close.length,
      unchanged: rows.length - open.length,
      renewed: renew.length,
      known: [...stored.keys()].map((at) => rows[at]?.schema ?? ''),
    };
  }

  /** Names of a schema in the served snapshot, in pages. */
  async *names({ job, dataSourceId, base }: Attempt, schema: string): AsyncGenerator<readonly string[]> {
    if (!base) return;
    let after = '';
    for (;;) {
      const rows = await this.database.readInOrg<{ name: string }>(
        job.orgId,
        `SELECT name FROM dataset_versions WHERE data_source_id = $1 AND schema_name = $2 AND name > $3
           AND ${visibleAt('$4')} ORDER BY name LIMIT ${String(CHUNK)}`,
        [dataSourceId, schema, after, base.seq],
      );
      if (rows.length > 0) yield rows.map(({ name }) => name);
      const last = rows.at(-1);
      if (!last || rows.length < CHUNK) return;
      after = last.name;
    }
  }

  /** Fingerprints of a schema in the served snapshot, by name. */
  async fingerprints({ job, dataSourceId, base }: Attempt, schema: string): Promise<Map<string, string>> {
    if (!base) return new Map();
    const rows = await this.database.readInOrg<{ name: string; fingerprint: string }>(
      job.orgId,
      `SELECT name, fingerprint FROM dataset_versions WHERE data_source_id = $1 AND schema_name = $2
         AND fingerprint IS NOT NULL AND ${visibleAt('$3')}`,
      [dataSourceId, schema, base.seq],
    );
    return new Map(rows.map(({ name, fingerprint }) => [name, fingerprint]));
  }

  /** Ends datasets of a schema with the attempt's snapshot; gives back how many there were. */
  remove(attempt: Attempt, schema: string, names: readonly string[]): Promise<number> {
    const { dataSourceId, seq, base } = attempt;
    if (!base || names.length === 0) return Promise.resolve(0);
    return this.fenced(attempt, async (tx) => {
      const [, count] = await tx.query<[unknown, number]>(
        `UPDATE dataset_versions SET valid_to = $4
         WHERE data_source_id = $1 AND schema_name = $2 AND name = ANY($3::text[]) AND ${visibleAt('$5')}`,
        [dataSourceId, schema, names, seq, base.seq],
      );
      return count;
    });
  }

  /** Takes back all that an attempt has written. Does nothing once its snapshot is committed. */
  discard({ job, dataSourceId, seq }: Attempt): Promise<void> {
    return this.discardWhere(job.orgId, 'data_source_id = $1 AND seq = $2 AND run_id = $3', [
      dataSourceId,
      seq,
      job.refId,
    ]);
  }

  /** Takes back what a run has written that nobody works on any more. */
  discardRun(orgId: string, runId: string): Promise<void> {
    return this.discardWhere(orgId, 'run_id = $1', [runId]);
  }

  private async discardWhere(orgId: string, which: string, values: readonly unknown[]): Promise<void> {
    const [left] = await this.database.inOrg(orgId, (tx) =>
      tx.query<[{ data_source_id: string; seq: number }[], number]>(
        `UPDATE snapshots SET state = 'abandoned' WHERE ${which} AND state <> 'committed'
         RETURNING data_source_id, seq`,
        [...values],
      ),
    );
    for (const { data_source_id, seq } of left) await this.clear(orgId, data_source_id, seq);
  }

  /** In small transactions: the rows may be many. Only for a number that nobody can write under any more. */
  private async clear(orgId: string, dataSourceId: string, seq: number): Promise<void> {
    const some = (column: string): string =>
      `ctid = ANY(ARRAY(SELECT ctid FROM dataset_versions
         WHERE data_source_id = $1 AND ${column} = $2 LIMIT ${String(CHUNK)}))`;
    for (let rest = CHUNK; rest === CHUNK;) {
      rest = await this.database.inOrg(orgId, async (tx) => {
        const params = [dataSourceId, seq];
        const [, opened] = await tx.query<[unknown, number]>(
          `DELETE FROM dataset_versions WHERE ${some('valid_from')}`,
          params,
        );
        const [, closed] = await tx.query<[unknown, number]>(
          `UPDATE dataset_versions SET valid_to = NULL WHERE ${some('valid_to')}`,
          params,
        );
        return Math.max(opened, closed);
      });
    }
    await this.database.inOrg(orgId, (tx) =>
      tx.query(`DELETE FROM snapshots WHERE data_source_id = $1 AND seq = $2 AND state = 'abandoned'`, [
        dataSourceId,
        seq,
      ]),
    );
  }

  private fenced<T>({ job, dataSourceId, seq }: Attempt, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.database.inOrg(job.orgId, async (tx) => {
      // Sent together, judged afterwards: what a stale worker has written goes with its transaction.
      const [, open, done] = await together([
        this.jobs.fence(tx, job),
        // Keeps `discard` waiting until this write has ended, and ends this one after a discard.
        tx.query<unknown[]>(
          `SELECT FROM snapshots WHERE data_source_id = $1 AND seq = $2 AND state = 'building' FOR SHARE`,
          [dataSourceId, seq],
        ),
        work(tx),
      ]);
      if (open.length === 0) throw takenBack();
      return done;
    });
  }

  /** What the served snapshot knows of these datasets, by position. */
  private async stored(
    { job, dataSourceId, base }: Attempt,
    rows: readonly DatasetRow[],
  ): Promise<Map<number, StoredRow>> {
    if (!base) return new Map();
    const found = await this.database.readInOrg<StoredRow>(
      job.orgId,
      // LIMIT keeps the planner to one look into the index for each name.
      `SELECT k.at::int, v.* FROM unnest($2::text[], $3::text[]) WITH ORDINALITY k(schema_name, name, at)
       CROSS JOIN LATERAL (
         SELECT content_hash, fingerprint, row_estimate, size_bytes FROM dataset_versions d
         WHERE data_source_id = $1 AND d.schema_name = k.schema_name AND d.name = k.name AND ${visibleAt('$4')}
         LIMIT 1) v`,
      [dataSourceId, rows.map(({ schema }) => schema), rows.map(({ name }) => name), base.seq],
    );
    return new Map(found.map((row) => [row.at - 1, row]));
  }
}

/**
 * Waits for statements that were sent one behind the other without waiting. Unlike Promise.all it comes back only when
 * all have ended: a statement that is still under way must not find its transaction closed.
 */
async function together<T extends readonly unknown[]>(
  sent: readonly [...T],
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(sent);
  return Promise.all(sent);
}

function isOutdated(stored: StoredRow, found: DatasetRow): boolean {
  return (
    stored.fingerprint !== found.fingerprint ||
    movedNoticeably(numeric(stored.row_estimate), found.rowEstimate) ||
    movedNoticeably(numeric(stored.size_bytes), found.sizeBytes)
  );
}

function numeric(value: string | null): number | null {
  return value === null ? null : Number(value);
}
