import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { DataSourcesService } from '../data-sources/data-sources.service.js';
import type { DataSourceFacts } from '../data-sources/data-sources.types.js';
import { CatalogHeads, type CatalogHead, type SnapshotHead } from './catalog-heads.service.js';
import { DatasetPages, scopeView } from './dataset-pages.service.js';
import type { CatalogView, ScopeCountsView, SchemaQuery, SnapshotScopeView } from './dto/schema.view.js';
import { projection } from './projection.policy.js';
import type { SnapshotScope } from './schema-discovery.types.js';
import { staleReason } from './staleness.policy.js';

const SCOPES_SHOWN = 1_000;
const NOTHING = Buffer.from('{"schemas":[],"next_cursor":null,"has_more":false}');

/** A page of schemas, ready to be sent. */
export interface RenderedPage {
  /** Weak: it stays the same while only `discovered_at` moves on. */
  readonly etag: string;
  readonly discoveredAt: Date | undefined;
  /** The body; it is made only if it is wanted. */
  body(): Promise<Buffer>;
}

/** What was discovered, as it is served. */
@Injectable()
export class SchemasService {
  constructor(
    private readonly sources: DataSourcesService,
    private readonly heads: CatalogHeads,
    private readonly pages: DatasetPages,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError NOT_FOUND for the source or the snapshot, VALIDATION_FAILED for the query. */
  async page(orgId: string, dataSourceId: string, query: SchemaQuery): Promise<RenderedPage> {
    const facts = await this.sources.facts(orgId, dataSourceId);
    projection(query.fields);
    const head = await this.heads.read(orgId, dataSourceId, query.snapshot);
    const { snapshot, revision, discoveredAt } = head;
    if (query.snapshot !== undefined && !snapshot) throw AppError.notFound('snapshot');
    const view = this.view(facts, head);
    return {
      etag: etagOf(view, revision, query),
      discoveredAt,
      body: async () => {
        const datasets = snapshot
          ? await this.pages.page({ orgId, dataSourceId, revision, snapshot }, query)
          : NOTHING;
        const before = Buffer.from(`${JSON.stringify(view).slice(0, -1)},`);
        return Buffer.concat([before, datasets.subarray(1)]);
      },
    };
  }

  private view({ discovery, destination }: DataSourceFacts, head: CatalogHead): CatalogView {
    const { snapshot, servedSeq, discoveredAt, lastOutcome, lastRun } = head;
    const { auto_refresh: autoRefresh, interval_s: intervalS } = discovery;
    const samePlace = head.origin === destination;
    const age = { samePlace, discoveredAt, lastOutcome, autoRefresh, intervalS };
    const reason = staleReason(age, this.clock.now());
    const at = snapshot && snapshot.seq !== servedSeq ? snapshot.createdAt : discoveredAt;
    const scopes = snapshot?.scopes ?? [];
    return {
      state: snapshot ? 'discovered' : 'never_discovered',
      snapshot: snapshot?.seq ?? null,
      latest_snapshot: servedSeq ?? null,
      discovered_at: at?.toISOString() ?? null,
      stale: reason !== undefined,
      stale_reason: reason ?? null,
      last_run: lastRun ? { run_id: lastRun.id, state: lastRun.state } : null,
      counts: snapshot?.counts ?? { schemas: 0, datasets: 0, by_kind: {} },
      completeness: completeness(scopes),
      scopes: shownScopes(snapshot),
    };
  }
}

function completeness(scopes: readonly SnapshotScope[]): ScopeCountsView {
  const counts = { complete: 0, partial: 0, failed: 0 };
  for (const { status } of scopes) counts[status] += 1;
  return counts;
}

function shownScopes(snapshot: SnapshotHead | undefined): SnapshotScopeView[] {
  const scopes = snapshot?.scopes ?? [];
  const incomplete = scopes.filter(({ status }) => status !== 'complete');
  const complete = scopes.filter(({ status }) => status === 'complete');
  return [...incomplete, ...complete].slice(0, SCOPES_SHOWN).map(scopeView);
}

function etagOf(view: CatalogView, revision: number, query: SchemaQuery): string {
  const { snapshot, latest_snapshot, stale_reason, last_run } = view;
  const facts = [snapshot, latest_snapshot, revision, stale_reason, last_run, Object.entries(query).sort()];
  return `W/"${createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 22)}"`;
}
