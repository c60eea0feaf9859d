import { Injectable } from '@nestjs/common';
import { Access } from '../rbac/access.service.js';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { applyPatch, weakensTls } from './connection.policy.js';
import { isPaused, lockRow, updateRow, type DataSourceRow, type RowChange } from './data-sources.store.js';
import type { UpdateDataSource } from './dto/requests.dto.js';
import { given, refuseTakenName, withFilePath, withPool } from './source-input.js';
import { reasonOf } from './status-reason.js';
import { nextStatus } from './status.policy.js';
import { GRACE_DAYS, Upkeep } from './upkeep.service.js';

/** Changes, deletes and restores data sources. Everything of a change is one transaction: row, secrets, audit, event, schedule. */
@Injectable()
export class Revisions {
  constructor(
    private readonly database: Database,
    private readonly registry: ConnectorRegistry,
    private readonly credentials: CredentialsService,
    private readonly access: Access,
    private readonly recorder: ChangeRecorder,
    private readonly upkeep: Upkeep,
  ) {}

  /**
   * Changes what the request names. A changed connection is tested again.
   *
   * @param version the version of the configuration that the client saw; another one now is VERSION_MISMATCH.
   */
  async update(
    actor: Actor,
    id: string,
    request: UpdateDataSource,
    version?: number,
  ): Promise<DataSourceRow> {
    if (request.connection) await this.credentials.prepare(actor.orgId);
    return refuseTakenName(() =>
      this.database.inOrg(actor.orgId, async (tx) => {
        const row = await this.lock(tx, actor.orgId, id, version);
        const change: RowChange & Record<string, unknown> = given({
          name: request.name?.trim(),
          description: request.description,
          tags: request.tags,
          environment: request.environment,
          location: request.location,
          owner_id: request.owner_id,
          pool: request.pool && withPool(row.pool, request.pool),
          discovery: request.discovery && { ...row.discovery, ...given(request.discovery) },
          health: request.health && { ...row.health, ...given(request.health) },
        }) as RowChange & Record<string, unknown>;
        const changed = Object.keys(change);
        const connection = await this.changeConnection(tx, actor, row, request);
        if (connection) {
          Object.assign(change, connection.change);
          changed.push(...connection.fields);
        }
        if (changed.length === 0) return row;
        const updated = await updateRow(tx, row, change);
        await this.upkeep.start(tx, updated);
        if (connection && updated.status === 'testing') await this.upkeep.test(tx, updated);
        await this.recorder.record(tx, actor, updated, {
          action: 'data_source.update',
          event: 'data_source.updated',
          changed,
          ...(row.destination === updated.destination
            ? {}
            : { details: { destination_before: row.destination, destination_after: updated.destination } }),
        });
        await this.recorder.recordWeakTls(tx, actor, updated, row.connection);
        return updated;
      }),
    );
  }

  /** Deletes a source so that it can be restored for 30 days, or for good with everything that belongs to it. */
  async remove(actor: Actor, id: string, force: boolean): Promise<DataSourceRow> {
    if (force)
      await this.access.require(actor, 'data_sources:delete_force', 'DataSourcesController.delete force');
    return this.database.inOrg(actor.orgId, async (tx) => {
      const row = await lockRow(tx, actor.orgId, id);
      if (!row || (row.deleted_at && !force)) throw AppError.notFound('data source');
      if (force) {
        await this.recorder.record(tx, actor, row, {
          action: 'data_source.purge',
          event: 'data_source.purged',
        });
        await tx.query('DELETE FROM data_sources WHERE org_id = $1 AND id = $2', [actor.orgId, id]);
        return row;
      }
      const now = new Date();
      const purgeAt = new Date(now.getTime() + GRACE_DAYS * 86_400_000);
      const status = nextStatus(row.status, 'deleted', isPaused(row));
      const deleted = await updateRow(tx, row, {
        deleted_at: now,
        purge_at: purgeAt,
        ...(status === row.status
          ? {}
          : { status, status_reason: reasonOf('DELETED', 'Deleted before its test ended.') }),
      });
      await this.upkeep.retire(tx, deleted, purgeAt);
      await this.recorder.record(tx, actor, deleted, {
        action: 'data_source.delete',
        event: 'data_source.deleted',
      });
      return deleted;
    });
  }

  /** Takes a deleted source back, and tests it. One that was paused or in maintenance still is, until the same moment. */
  async restore(actor: Actor, id: string): Promise<DataSourceRow> {
    return refuseTakenName(() =>
      this.database.inOrg(actor.orgId, async (tx) => {
        const row = await lockRow(tx, actor.orgId, id);
        if (!row) throw AppError.notFound('data source');
        if (!row.deleted_at) throw new AppError('CONFLICT', 'The data source is not deleted.');
        const status = nextStatus(row.status, 'restored', isPaused(row));
        const restored = await updateRow(tx, row, {
          deleted_at: null,
          purge_at: null,
          ...(status === 'testing'
            ? { status, status_reason: reasonOf('CHANGED', 'The source was restored; a test is running.') }
            : {}),
        });
        await this.upkeep.revive(tx, restored);
        await this.recorder.record(tx, actor, restored, {
          action: 'data_source.restore',
          event: 'data_source.restored',
        });
        return restored;
      }),
    );
  }

  /** The row, locked for a change; deleted rows do not count. */
  private async lock(tx: Tx, orgId: string, id: string, version?: number): Promise<DataSourceRow> {
    const row = await lockRow(tx, orgId, id);
    if (!row || row.deleted_at) throw AppError.notFound('data source');
    if (version !== undefined && row.version !== version)
      throw new AppError('VERSION_MISMATCH', 'The data source was changed in the meantime: read it again.');
    return row;
  }

  private async changeConnection(
    tx: Tx,
    actor: Actor,
    row: DataSourceRow,
    request: UpdateDataSource,
  ): Promise<{ change: RowChange; fields: string[] } | undefined> {
    const definition = this.registry.get(row.type);
    const patch = withFilePath(definition, request.connection, request);
    if (!patch) return undefined;
    const next = applyPatch(definition, row, patch);
    if (!next.changed) return undefined;
    if (Object.keys(next.secrets).length > 0 || next.kept.length < row.secret_fields.length)
      await this.access.require(actor, 'credentials:write', 'DataSourcesController.update secrets');
    if (weakensTls(row.connection, next.open))
      await this.access.require(actor, 'tls:weaken', 'DataSourcesController.update tls');
    const ref = { orgId: row.org_id, dataSourceId: row.id };
    const stored = next.kept.length > 0 ? await this.credentials.load(tx, ref, row.destination) : {};
    const kept = Object.fromEntries(Object.entries(stored).filter(([field]) => next.kept.includes(field)));
    await this.credentials.replace(tx, ref, next.destination, { ...kept, ...next.secrets });
    const status = nextStatus(row.status, 'changed', isPaused(row));
    return {
      change: {
        connection: next.open,
        destination: next.destination,
        secret_fields: [...next.kept, ...Object.keys(next.secrets)].sort(),
        ...(status === 'testing'
          ? { status, status_reason: reasonOf('CHANGED', 'The connection was changed; a test is running.') }
          : {}),
      },
      fields: Object.keys(patch).map((field) => `connection.${field}`),
    };
  }
}
