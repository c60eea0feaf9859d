import { setImmediate as turn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor } from '../common/page.js';
import { Database } from '../platform/database/database.service.js';
import { Metrics } from '../platform/telemetry/metrics.js';
import type { SnapshotHead } from './catalog-heads.service.js';
import { visibleAt } from './version-statements.js';
import { searchable } from './dataset-row.js';
import type { SchemaQuery, SnapshotScopeView } from './dto/schema.view.js';
import { PageCache } from './page-cache.js';
import { needsDocument, projection, type Projection } from './projection.policy.js';
import type { SnapshotScope } from './schema-discovery.types.js';

const CACHE_BYTES = 32 * 1_024 * 1_024;
/** Documents of one page; a page of wide tables ends early. */
const PAGE_BYTES = 8_000_000;
/** Datasets that are taken apart before other work gets its turn. */
const TURN = 100;

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly entries: number;
  readonly bytes: number;
}

interface PageRow {
  readonly schema_name: string;
  readonly name: string;
  readonly kind: string;
  readonly row_estimate: string | null;
  readonly size_bytes: string | null;
  /** Null where it was not asked for, or is over the size of a page. */
  readonly document: string | null;
}

/** Which catalog a page is of. */
export interface PageOf {
  readonly orgId: string;
  readonly dataSourceId: string;
  readonly revision: number;
  readonly snapshot: SnapshotHead;
}

/**
 * Datasets of a snapshot as JSON text: documents go from the table to the client as they are, without being parsed on
 * the way. A snapshot never changes, so pages are kept by its number, its revision and the query.
 */
@Injectable()
export class DatasetPages {
  private readonly cache = new PageCache(CACHE_BYTES);

  constructor(
    private readonly database: Database,
    metrics: Metrics,
  ) {
    metrics.gauge('datawave_schema_cache_bytes', 'Bytes of cached pages of schemas', () => this.cache.bytes);
    metrics.gauge('datawave_schema_cache_hits', 'Pages of schemas from the cache', () => this.cache.hits);
    metrics.gauge('datawave_schema_cache_misses', 'Pages of schemas read', () => this.cache.misses);
  }

  get stats(): CacheStats {
    const { hits, misses, entries, bytes } = this.cache;
    return { hits, misses, entries, bytes };
  }

  /** The part `"schemas": …, "next_cursor": …, "has_more": …` of a page, in braces. */
  async page(of: PageOf, query: SchemaQuery): Promise<Buffer> {
    const { schema, dataset, kind, q, fields, cursor, limit } = query;
    const asked = JSON.stringify([schema, dataset, kind, q, fields, cursor, limit]);
    const key = [of.orgId, of.dataSourceId, of.snapshot.seq, of.revision, asked].join('|');
    const known = this.cache.get(key);
    if (known) return known;
    const parts = projection(fields);
    const rows = await this.read(of, query, needsDocument(parts));
    const page = Buffer.from(await render(rows, of.snapshot, limit, parts));
    this.cache.set(key, page);
    return page;
  }

  private read(
    { orgId, dataSourceId, snapshot }: PageOf,
    { schema, dataset, kind, q, cursor, limit }: SchemaQuery,
    withDocument: boolean,
  ): Promise<PageRow[]> {
    const params: unknown[] = [dataSourceId, snapshot.seq];
    const bind = (value: unknown): string => `$${String(params.push(value))}`;
    const where = [`data_source_id = $1 AND ${visibleAt('$2')}`];
    if (schema !== undefined) where.push(`schema_name = ${bind(schema)}`);
    if (dataset !== undefined) where.push(`name = ${bind(dataset)}`);
    if (kind !== undefined) where.push(`kind = ${bind(kind)}`);
    if (q !== undefined) where.push(`search LIKE ${bind(`%${escapeLike(searchable(q))}%`)}`);
    if (cursor !== undefined) {
      const [afterSchema, afterName] = decodeCursor(cursor, 2).map(String);
      where.push(`(schema_name, name) > (${bind(afterSchema)}, ${bind(afterName)})`);
    }
    const columns = 'schema_name, name, kind, row_estimate, size_bytes';
    const found = `SELECT ${columns}${withDocument ? ', document' : ', NULL AS document'} FROM dataset_versions
      WHERE ${where.join(' AND ')} ORDER BY schema_name, name LIMIT ${bind(limit + 1)}`;
    const sql = withDocument
      ? `SELECT ${columns}, CASE WHEN upto - octet_length(document) < ${String(PAGE_BYTES)} THEN document END AS document
         FROM (SELECT *, sum(octet_length(document)) OVER (ORDER BY schema_name, name) AS upto FROM (${found}) f) p
         ORDER BY schema_name, name`
      : found;
    return this.database.readInOrg<PageRow>(orgId, sql, params);
  }
}

function escapeLike(text: string): string {
  return text.replaceAll(/[\\%_]/g, (char) => `\\${char}`);
}

async function render(
  found: readonly PageRow[],
  { scopes }: SnapshotHead,
  limit: number,
  parts: Projection,
): Promise<string> {
  const over = needsDocument(parts) ? found.findIndex(({ document }) => document === null) : -1;
  const rows = found.slice(0, over < 0 ? limit : Math.min(limit, over));
  const bySchema = new Map<string, string[]>();
  for (const [at, row] of rows.entries()) {
    // Documents are opened and closed again where only parts of them are wanted.
    if (parts && at % TURN === TURN - 1) await turn();
    const others = bySchema.get(row.schema_name);
    if (others) others.push(dataset(row, parts));
    else bySchema.set(row.schema_name, [dataset(row, parts)]);
  }
  const known = new Map(scopes.map((scope) => [scope.name, scope]));
  const schemas = [...bySchema].map(([name, datasets]) => {
    const head = JSON.stringify(scopeView(known.get(name) ?? { name, status: 'partial', datasets: 0 }));
    return `${head.slice(0, -1)},"datasets":[${datasets.join(',')}]}`;
  });
  const last = rows.at(-1);
  const more = last !== undefined && rows.length < found.length;
  const next = more ? encodeCursor([last.schema_name, last.name]) : null;
  return `{"schemas":[${schemas.join(',')}],"next_cursor":${JSON.stringify(next)},"has_more":${String(more)}}`;
}

function dataset(row: PageRow, parts: Projection): string {
  const { schema_name: schema, name, kind, row_estimate, size_bytes, document } = row;
  const estimates = {
    ...(row_estimate === null ? {} : { row_estimate: Number(row_estimate) }),
    ...(size_bytes === null ? {} : { size_bytes: Number(size_bytes) }),
  };
  if (parts === undefined) {
    const text = JSON.stringify(estimates);
    return text === '{}' ? (document ?? '{}') : `${(document ?? '{}').slice(0, -1)},${text.slice(1)}`;
  }
  const all: Record<string, unknown> = {
    ...(document === null ? { kind } : (JSON.parse(document) as Record<string, unknown>)),
    ...estimates,
  };
  const shown = Object.entries(all).filter(([part]) => (parts as ReadonlySet<string>).has(part));
  const named = document === null ? { schema, name } : { schema: all.schema, name: all.name };
  return JSON.stringify({ ...named, ...Object.fromEntries(shown) });
}

/** A scope of a snapshot as the API shows it. */
export function scopeView({ datasets, ...outcome }: SnapshotScope): SnapshotScopeView {
  return { ...outcome, dataset_count: datasets };
}
