import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { SharedCalls } from '../common/shared-calls.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import {
  SessionPools,
  type PoolReport,
  type UseOptions,
} from '../connectors/runtime/session-pools.service.js';
import type { Target } from '../connectors/runtime/target.types.js';
import { joinSecrets, type Capability, type Session } from '../connectors/spi/index.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../platform/database/database.service.js';
import { destinationHash } from './connection.policy.js';
import { rests, type DataSourceRow } from './data-sources.store.js';
import type { SourceRef } from './data-sources.types.js';
import { SourceCache } from './source-cache.service.js';

/** How a session is used; the deadline is the query timeout of the source unless told. */
export type SessionOptions = Partial<UseOptions>;

interface Link {
  readonly ref: SourceRef;
  readonly version: number;
  readonly key: string;
}

/** The pool that serves a source, and what it dials. */
interface Linked {
  readonly key: string;
  readonly target: Target;
}

/** The only way to a source for the rest of the product: nobody else sees a configuration or a secret. */
@Injectable()
export class SessionsService {
  private readonly links = new Map<string, Link>();
  private readonly linking = new SharedCalls<Linked>();

  constructor(
    private readonly database: Database,
    private readonly cache: SourceCache,
    private readonly registry: ConnectorRegistry,
    private readonly credentials: CredentialsService,
    private readonly pools: SessionPools,
  ) {
    cache.onForget((id) => void this.review(id));
  }

  /**
   * Runs `work` with a session of the source that has the facets in `needs`. The signal that `work` gets aborts at the
   * deadline; whatever is cut off then loses its session.
   *
   * @throws AppError NOT_FOUND, SOURCE_PAUSED, UNSUPPORTED, or of a connector code.
   */
  async withSession<C extends Capability, T>(
    ref: SourceRef,
    needs: readonly C[],
    work: (session: Session<C>, signal: AbortSignal) => Promise<T>,
    options: SessionOptions = {},
  ): Promise<T> {
    const row = await this.cache.row(ref);
    if (rests(row))
      throw new AppError('SOURCE_PAUSED', 'The data source is paused or in maintenance; resume it first.');
    const { key, target } = await this.linked(row);
    for (const facet of needs)
      if (!target.definition.capabilities.includes(facet))
        throw new AppError('UNSUPPORTED', `A source of type ${row.type} does not offer "${facet}".`);
    return this.pools.use(
      key,
      target,
      { deadlineMs: row.pool.query_timeout_ms, ...options },
      (session, inner) => work(session as Session<C>, inner),
    );
  }

  /** The complete connection of a source, for a test of its own; it must not leave the process. */
  async target(row: DataSourceRow): Promise<Target> {
    const ref = { orgId: row.org_id, dataSourceId: row.id };
    const definition = this.registry.get(row.type);
    // Of the connection that will be dialled, not of the stored column: a row that was changed behind our back must not
    // lead the secrets elsewhere.
    const destination = destinationHash(definition, row.connection);
    const secrets = await this.database.inOrg(row.org_id, (tx) =>
      this.credentials.load(tx, ref, destination),
    );
    return { orgId: row.org_id, definition, config: joinSecrets(row.connection, secrets), pool: row.pool };
  }

  /** The pool of a source, where it has been used lately. */
  report(dataSourceId: string): PoolReport | undefined {
    const link = this.links.get(dataSourceId);
    return link && this.pools.report(link.key);
  }

  private async linked(row: DataSourceRow): Promise<Linked> {
    const link = this.links.get(row.id);
    const known = link?.version === row.version ? this.pools.target(link.key) : undefined;
    if (link && known) return { key: link.key, target: known };
    return this.linking.get(`${row.id} ${String(row.version)}`, async () => {
      const target = await this.target(row);
      const key = this.pools.keyOf(target);
      this.links.set(row.id, { ref: { orgId: row.org_id, dataSourceId: row.id }, version: row.version, key });
      return { key, target };
    });
  }

  /**
   * Looks at a source that changed. Other pool settings take effect on its live pool; another connection or other secrets
   * leave the old pool to those who wait there; a source that is to be left alone has its sessions closed. A pool that
   * other sources use as well stays as it is, and so does that of a source whose status moved or that has another name.
   */
  private async review(id: string): Promise<void> {
    const link = this.links.get(id);
    if (!link) return;
    const next = await this.targetNow(link).catch(() => undefined);
    const same = next !== undefined && this.pools.keyOf(next) === link.key;
    // A circuit that broke is not kept: whatever changed may be what mends the source.
    if (same && this.pools.report(link.key)?.breaker === 'closed') return;
    if (this.links.get(id) === link) this.links.delete(id);
    for (const other of this.links.values()) if (other.key === link.key) return;
    if (next && !same) this.pools.replace(link.key, next);
    else await this.pools.drop(link.key);
  }

  /** The target that would serve a source now; nothing where it rests. */
  private async targetNow({ ref, version, key }: Link): Promise<Target | undefined> {
    const row = await this.cache.row(ref);
    if (rests(row)) return undefined;
    return row.version === version ? this.pools.target(key) : await this.target(row);
  }
}
