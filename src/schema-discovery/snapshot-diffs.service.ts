import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { decodeCursor, encodeCursor } from '../common/page.js';
import type { Dataset } from '../connectors/spi/index.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import { Database } from '../platform/database/database.service.js';
import { CatalogHeads } from './catalog-heads.service.js';
import { visibleAt } from './version-statements.js';
import { diffDatasets } from './diff.policy.js';
import type { DiffQuery, DiffSummaryView, SchemaChangeView, SchemaDiff } from './dto/diff.view.js';

/** Pairs that are compared before other work gets its turn. */
const TURN = 50;

interface Pair {
  readonly schema_name: string;
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** What changed between two snapshots. */
@Injectable()
export class SnapshotDiffs {
  constructor(
    private readonly database: Database,
    private readonly sources: DataSourcesService,
    private readonly heads: CatalogHeads,
  ) {}

  /** @throws AppError NOT_FOUND for the source or a snapshot, VALIDATION_FAILED where `from` is not before `to`. */
  async diff(orgId: string, dataSourceId: string, query: DiffQuery): Promise<SchemaDiff> {
    await this.sources.facts(orgId, dataSourceId);
    const { from, to } = await this.range(orgId, dataSourceId, query);
    if (from === undefined || to === undefined)
      return {
        from: null,
        to: to ?? null,
        summary: NO_CHANGE,
        changes: [],
        next_cursor: null,
        has_more: false,
      };
    const [summary, pairs] = await Promise.all([
      this.summary(orgId, [dataSourceId, from, to]),
      this.pairs(orgId, [dataSourceId, from, to], query),
    ]);
    const page = pairs.slice(0, query.limit);
    const last = page.at(-1);
    const more = last !== undefined && pairs.length > page.length;
    return {
      from,
      to,
      summary,
      changes: await changesOf(page),
      next_cursor: more ? encodeCursor([last.schema_name, last.name]) : null,
      has_more: more,
    };
  }

  private async range(
    orgId: string,
    dataSourceId: string,
    { from, to }: DiffQuery,
  ): Promise<{ from: number | undefined; to: number | undefined }> {
    const newer = (await this.heads.read(orgId, dataSourceId, to)).snapshot?.seq;
    if (to !== undefined && newer === undefined) throw AppError.notFound('snapshot');
    if (newer === undefined) return { from: undefined, to: undefined };
    if (from === undefined) return { from: await this.heads.before(orgId, dataSourceId, newer), to: newer };
    if (from >= newer) {
      const detail = 'It must be a snapshot before `to`.';
      throw new AppError('VALIDATION_FAILED', detail, {
        errors: [{ parameter: 'from', code: 'range', detail }],
      });
    }
    const older = from === 0 ? 0 : (await this.heads.read(orgId, dataSourceId, from)).snapshot?.seq;
    if (older === undefined) throw AppError.notFound('snapshot');
    return { from: older, to: newer };
  }

  private async summary(orgId: string, params: readonly unknown[]): Promise<DiffSummaryView> {
    const [row] = await this.database.readInOrg<DiffSummaryView>(
      orgId,
      `SELECT count(*) FILTER (WHERE a.content_hash IS NULL AND b.content_hash IS NOT NULL)::int AS datasets_added,
         count(*) FILTER (WHERE b.content_hash IS NULL AND a.content_hash IS NOT NULL)::int AS datasets_removed,
         count(*) FILTER (WHERE a.content_hash <> b.content_hash)::int AS datasets_changed
       FROM (${TOUCHED}) t ${sides('content_hash')}`,
      params,
    );
    return row ?? NO_CHANGE;
  }

  private pairs(orgId: string, params: readonly unknown[], { cursor, limit }: DiffQuery): Promise<Pair[]> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, 2).map(String);
    return this.database.readInOrg<Pair>(
      orgId,
      `SELECT t.schema_name, t.name, a.document AS before, b.document AS after
       FROM (${TOUCHED} ${after ? 'AND (schema_name, name) > ($5, $6)' : ''} ORDER BY schema_name, name LIMIT $4) t
       ${sides('document')} ORDER BY t.schema_name, t.name`,
      [...params, limit + 1, ...(after ?? [])],
    );
  }
}

const NO_CHANGE: DiffSummaryView = { datasets_added: 0, datasets_removed: 0, datasets_changed: 0 };

/** Datasets of which a version was opened or closed after $2 and up to $3. */
const TOUCHED = `SELECT DISTINCT schema_name, name FROM dataset_versions WHERE data_source_id = $1
  AND ((valid_from > $2 AND valid_from <= $3) OR (valid_to > $2 AND valid_to <= $3))`;

function sides(column: string): string {
  const side = (alias: string, seq: string): string => `LEFT JOIN LATERAL (
    SELECT ${column} FROM dataset_versions v WHERE v.data_source_id = $1 AND v.schema_name = t.schema_name
      AND v.name = t.name AND ${visibleAt(seq)} LIMIT 1) ${alias} ON true`;
  return `${side('a', '$2')} ${side('b', '$3')}`;
}

async function changesOf(pairs: readonly Pair[]): Promise<SchemaChangeView[]> {
  const changes: SchemaChangeView[] = [];
  for (const [at, { schema_name: schema, name: dataset, before, after }] of pairs.entries()) {
    if (at % TURN === TURN - 1) await turn();
    for (const { type, ...change } of diffDatasets(parse(before), parse(after)))
      changes.push({ type, schema, dataset, ...change });
  }
  return changes;
}

function parse(document: string | null): Dataset | undefined {
  return document === null ? undefined : (JSON.parse(document) as Dataset);
}
