import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../platform/config/config.js';
import { Database } from '../platform/database/database.service.js';
import { Events } from '../platform/events/events.service.js';
import { SCHEMA_DISCOVERED } from './schema-discovery.events.js';

/** Snapshots and runs are kept for as long as this, the newest ones of a source always. */
const DAYS = 90;
const SNAPSHOTS_ALWAYS = 2;
const SNAPSHOTS_AT_MOST = 1_000;
const RUNS_ALWAYS = 20;
const CHUNK = 5_000;

/** Lets go of old snapshots, and of the versions of datasets that no kept snapshot shows. */
@Injectable()
export class CatalogRetention implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly events: Events,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role === 'api') return;
    this.events.on(SCHEMA_DISCOVERED, ({ orgId, dataSourceId }) => this.prune(orgId, dataSourceId));
  }

  /** Prunes one source. Whatever is left can be read and compared as before. */
  async prune(orgId: string, dataSourceId: string): Promise<void> {
    const pruned = await this.database.inOrg(orgId, async (tx) => {
      await tx.query(
        `DELETE FROM discovery_runs WHERE id IN (
           SELECT id FROM discovery_runs WHERE data_source_id = $1 ORDER BY id DESC OFFSET ${String(RUNS_ALWAYS)})
           AND created_at < now() - make_interval(days => ${String(DAYS)})`,
        [dataSourceId],
      );
      const [, snapshots] = await tx.query<[unknown, number]>(
        `DELETE FROM snapshots s USING (
           SELECT seq, row_number() OVER (ORDER BY seq DESC) AS age FROM snapshots
           WHERE data_source_id = $1 AND state = 'committed') k
         WHERE s.data_source_id = $1 AND s.seq = k.seq AND k.age > ${String(SNAPSHOTS_ALWAYS)}
           AND (s.created_at < now() - make_interval(days => ${String(DAYS)}) OR k.age > ${String(SNAPSHOTS_AT_MOST)})`,
        [dataSourceId],
      );
      return snapshots;
    });
    if (pruned === 0) return;
    for (let rest = CHUNK; rest === CHUNK;) rest = await this.forget(orgId, dataSourceId);
  }

  /** Deletes some versions that were closed before, or with, the oldest snapshot that is kept. */
  private forget(orgId: string, dataSourceId: string): Promise<number> {
    return this.database.inOrg(orgId, async (tx) => {
      const [, deleted] = await tx.query<[unknown, number]>(
        `DELETE FROM dataset_versions WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM dataset_versions WHERE data_source_id = $1 AND valid_to <= (
             SELECT min(seq) FROM snapshots WHERE data_source_id = $1 AND state = 'committed')
           LIMIT ${String(CHUNK)}))`,
        [dataSourceId],
      );
      return deleted;
    });
  }
}
