import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { SharedCalls } from '../common/shared-calls.js';
import { Database } from '../platform/database/database.service.js';
import { Notifications } from '../platform/jobs/notifications.service.js';
import { SOURCE_CHANGED } from './change-recorder.service.js';
import { FIND, type DataSourceRow } from './data-sources.store.js';
import type { SourceRef } from './data-sources.types.js';

/** Rows kept at most. */
const CAPACITY = 20_000;

/**
 * Rows of sources as the product's own work reads them. A row is kept until somebody says that it changed; while the
 * line that says so is down nothing is kept.
 */
@Injectable()
export class SourceCache implements OnModuleInit {
  private readonly rows = new Map<string, DataSourceRow>();
  private readonly reads = new SharedCalls<DataSourceRow>();
  private readonly forgotten = new Set<(id: string) => void>();
  private changes = 0;

  hits = 0;
  misses = 0;

  constructor(
    private readonly database: Database,
    private readonly notifications: Notifications,
  ) {}

  onModuleInit(): void {
    this.notifications.on(SOURCE_CHANGED, (id) => this.forget(id));
  }

  /** Calls `listener` with the id of each source that changed; an empty id means any may have. */
  onForget(listener: (id: string) => void): void {
    this.forgotten.add(listener);
  }

  /** @throws AppError NOT_FOUND for an id that is unknown, deleted or of another organization. */
  async row({ orgId, dataSourceId }: SourceRef): Promise<DataSourceRow> {
    const kept = this.rows.get(dataSourceId);
    if (kept?.org_id === orgId) {
      this.hits++;
      return kept;
    }
    this.misses++;
    const before = this.changes;
    // Nobody gets what was read before he knew of a change.
    return this.reads.get(`${orgId} ${dataSourceId} ${String(before)}`, async () => {
      const [row] = await this.database.readInOrg<DataSourceRow>(orgId, FIND, [orgId, dataSourceId]);
      if (!row || row.deleted_at) throw AppError.notFound('data source');
      // A word that came while the row was read may be about this very row.
      if (this.notifications.connected && before === this.changes) this.keep(row);
      return row;
    });
  }

  /** The same past what is kept: for work that follows a change whose word may still be on its way. */
  latest(ref: SourceRef): Promise<DataSourceRow> {
    this.changes++;
    this.rows.delete(ref.dataSourceId);
    return this.row(ref);
  }

  get size(): number {
    return this.rows.size;
  }

  private keep(row: DataSourceRow): void {
    if (this.rows.size >= CAPACITY)
      for (const oldest of this.rows.keys()) if (this.rows.delete(oldest)) break;
    this.rows.set(row.id, row);
  }

  private forget(id: string): void {
    this.changes++;
    if (id === '') this.rows.clear();
    else this.rows.delete(id);
    this.forgotten.forEach((listener) => listener(id));
  }
}
