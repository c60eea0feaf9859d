import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError, type FieldFault } from '../common/app-error.js';
import { ConnectorRegistry } from '../connectors/connector-registry.js';
import { secretFields, type ConnectorDefinition } from '../connectors/spi/index.js';
import { CredentialsService } from '../credentials/credentials.service.js';
import { Database } from '../platform/database/database.service.js';
import { ChangeRecorder } from './change-recorder.service.js';
import { applyPatch } from './connection.policy.js';
import { isPaused, lockRow, updateRow, type DataSourceRow } from './data-sources.store.js';
import { ProbesService } from './probes.service.js';
import { SourceCache } from './source-cache.service.js';
import { reasonOf } from './status-reason.js';
import { nextStatus } from './status.policy.js';

/** Replaces secrets of a source: the new ones are tested first, the old ones stay where the test fails. */
@Injectable()
export class CredentialChange {
  constructor(
    private readonly database: Database,
    private readonly cache: SourceCache,
    private readonly registry: ConnectorRegistry,
    private readonly credentials: CredentialsService,
    private readonly probes: ProbesService,
    private readonly recorder: ChangeRecorder,
  ) {}

  /**
   * @param secrets the secret part of the connection, in its shape; null removes a secret.
   * @throws AppError VALIDATION_FAILED for a field that is no secret of the type; the code of the failed step where the
   *   source does not accept the new secrets.
   */
  async apply(actor: Actor, id: string, secrets: unknown): Promise<DataSourceRow> {
    const ref = { orgId: actor.orgId, dataSourceId: id };
    const before = await this.cache.row(ref);
    const definition = this.registry.get(before.type);
    refuseOtherFields(definition, secrets);
    const result = await this.probes.runWith(ref, secrets);
    if (result.outcome !== 'ok' && result.outcome !== 'degraded') {
      const failed = result.steps.find(({ status }) => status === 'failed');
      throw new AppError(
        failed?.code ?? 'INTERNAL',
        failed?.message ?? 'The test with the new secrets failed.',
        {
          hint: `The stored secrets were not changed. ${failed?.remedy?.text ?? ''}`.trim(),
          ...(result.retryable ? { retryAfterS: 5 } : {}),
        },
      );
    }
    await this.credentials.prepare(actor.orgId);
    return this.database.inOrg(actor.orgId, async (tx) => {
      const row = await lockRow(tx, actor.orgId, id);
      if (!row || row.deleted_at) throw AppError.notFound('data source');
      // The secrets were meant for the place that was tested: one who moves the source meanwhile must not get them.
      if (row.destination !== before.destination)
        throw new AppError(
          'CREDENTIALS_REENTRY_REQUIRED',
          'The connection was changed while the secrets were tested: read it again before you send them.',
        );
      const next = applyPatch(definition, row, secrets);
      const stored = next.kept.length > 0 ? await this.credentials.load(tx, ref, row.destination) : {};
      const kept = Object.fromEntries(Object.entries(stored).filter(([field]) => next.kept.includes(field)));
      await this.credentials.replace(tx, ref, next.destination, { ...kept, ...next.secrets });
      const status = nextStatus(row.status, 'healthy', isPaused(row));
      const updated = await updateRow(tx, row, {
        secret_fields: [...next.kept, ...Object.keys(next.secrets)].sort(),
        // The test ran against the configuration as it was: another one now needs a test of its own.
        ...(status === 'active' && row.version === before.version
          ? { status, status_reason: reasonOf('OK', 'The source answers.') }
          : {}),
      });
      await this.recorder.record(tx, actor, updated, {
        action: 'credentials.update',
        event: 'data_source.updated',
        changed: secretFields(definition.spec).filter(
          (field) => field in next.secrets || !next.kept.includes(field),
        ),
      });
      return updated;
    });
  }
}

/** Names every field of the body that is not a secret of the type. */
function refuseOtherFields(
  definition: ConnectorDefinition,
  body: unknown,
): asserts body is Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw AppError.invalid('', 'The body must be an object.', 'type');
  const secrets = secretFields(definition.spec);
  const faults: FieldFault[] = [];
  const walk = (object: Record<string, unknown>, path: string[]): void => {
    for (const [key, value] of Object.entries(object)) {
      const here = [...path, key];
      const name = here.join('.');
      const inside = secrets.some((secret) => secret.startsWith(`${name}.`));
      if (inside && typeof value === 'object' && value !== null && !Array.isArray(value))
        walk(value as Record<string, unknown>, here);
      else if (!secrets.includes(name))
        faults.push({
          pointer: `/${here.map((part) => part.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
          code: 'unknown_field',
          detail:
            secrets.length > 0
              ? `The secrets of this type are ${secrets.join(', ')}.`
              : 'This type has no secrets.',
        });
    }
  };
  walk(body as Record<string, unknown>, []);
  if (Object.keys(body).length === 0)
    faults.push({ pointer: '', code: 'required', detail: 'Name at least one secret.' });
  if (faults.length > 0)
    throw new AppError('VALIDATION_FAILED', 'The credentials do not fit the type of the source.', {
      errors: faults,
    });
}
