import { Injectable } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { takeApart, type Parts } from './connection.policy.js';
import { insertRow, lockRow, type DataSourceRow } from './data-sources.store.js';
import { DISCOVERY_DEFAULTS, HEALTH_DEFAULTS, POOL_DEFAULTS } from './data-sources.types.js';
import type { CreateDataSource } from './dto/requests.dto.js';
import { IdempotencyKeys } from './idempotency-keys.service.js';
import { given, refuseTakenName, withFilePath, withPool } from './source-input.js';
import { reasonOf } from './status-reason.js';
import { Upkeep } from './upkeep.service.js';

/** Registers data sources. */
@Injectable()
export class Registration {
  constructor(
    private readonly database: Database,
    private readonly registry: ConnectorRegistry,
    private readonly credentials: CredentialsService,
    private readonly recorder: ChangeRecorder,
    private readonly upkeep: Upkeep,
    private readonly keys: IdempotencyKeys,
  ) {}

  /**
   * Registers a source in one transaction; its test runs by itself afterwards.
   *
   * @param key idempotency key: the same key with the same request gives the source that it made before.
   * @throws AppError CONFIG_INVALID, VALIDATION_FAILED, CONFLICT (name), IDEMPOTENCY_KEY_REUSED.
   */
  async create(actor: Actor, request: CreateDataSource, key?: string): Promise<DataSourceRow> {
    const definition = this.registry.get(request.connection.type);
    const parts = takeApart(definition, withFilePath(definition, request.connection, request));
    const id = uuid();
    if (Object.keys(parts.secrets).length > 0) await this.credentials.prepare(actor.orgId);
    return refuseTakenName(() =>
      this.database.inOrg(actor.orgId, async (tx) => {
        const earlier =
          key === undefined ? undefined : await this.keys.claim(tx, actor.orgId, key, { id, request });
        if (earlier !== undefined) return existing(tx, actor.orgId, earlier);
        const row = await insertRow(tx, {
          ...this.fields(actor, request, parts),
          id,
          type: definition.type,
          category: definition.category,
        });
        await this.credentials.replace(
          tx,
          { orgId: actor.orgId, dataSourceId: id },
          row.destination,
          parts.secrets,
        );
        await this.upkeep.start(tx, row);
        await this.upkeep.test(tx, row);
        await this.recorder.record(tx, actor, row, {
          action: 'data_source.create',
          event: 'data_source.created',
        });
        await this.recorder.recordWeakTls(tx, actor, row);
        return row;
      }),
    );
  }

  private fields(actor: Actor, request: CreateDataSource, parts: Parts) {
    return {
      org_id: actor.orgId,
      name: request.name.trim(),
      description: request.description ?? null,
      connection: parts.open,
      destination: parts.destination,
      secret_fields: Object.keys(parts.secrets).sort(),
      pool: withPool(POOL_DEFAULTS, request.pool),
      discovery: { ...DISCOVERY_DEFAULTS, ...given(request.discovery ?? {}) },
      health: { ...HEALTH_DEFAULTS, ...given(request.health ?? {}) },
      tags: request.tags ?? [],
      environment: request.environment ?? null,
      location: request.location ?? null,
      owner_id: request.owner_id ?? actor.userId,
      status: 'testing' as const,
      status_reason: reasonOf('NEW', 'The first test is running.'),
      created_by: actor.userId,
    };
  }
}

async function existing(tx: Tx, orgId: string, id: string): Promise<DataSourceRow> {
  const row = await lockRow(tx, orgId, id);
  if (!row) throw new AppError('CONFLICT', 'The data source that this idempotency key made was deleted.');
  return row;
}
