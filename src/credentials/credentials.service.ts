import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import type { Tx } from '../platform/database/database.service.js';
import { openEnvelope, sealEnvelope } from './envelope.js';
import { SecretBackend, SecretTamperedError, type SecretRef, type StoredSecret } from './secret-backend.js';

/** The data source whose secrets are meant. */
export interface CredentialsRef {
  readonly orgId: string;
  readonly dataSourceId: string;
}

interface CredentialRow {
  readonly field: string;
  readonly key_version: number;
  readonly token: string;
}

/** The secrets of data sources: stored encrypted, bound to their row and to the destination that they are sent to. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly backend: SecretBackend,
    private readonly audit: AuditService,
  ) {}

  /** To be called before the transaction of a `replace`, outside of any transaction. */
  prepare(orgId: string): Promise<void> {
    return this.backend.prepare(orgId);
  }

  /**
   * Makes `secrets` (dotted field name to value) all that the data source has: fields that are not named are deleted.
   *
   * @param destination canonical text of where these secrets may be sent; `load` must name the same.
   */
  async replace(
    tx: Tx,
    ref: CredentialsRef,
    destination: string,
    secrets: Readonly<Record<string, string>>,
  ): Promise<void> {
    const fields = Object.keys(secrets);
    await this.deleteOthers(tx, ref, fields);
    if (fields.length === 0) return;
    const stored: StoredSecret[] = [];
    for (const [field, value] of Object.entries(secrets)) {
      const secretRef = { ...ref, field };
      stored.push(await this.backend.put(tx, secretRef, sealEnvelope(secretRef, destination, value)));
    }
    await tx.query(
      `INSERT INTO credentials (org_id, data_source_id, field, key_version, token)
       SELECT $1, $2, * FROM unnest($3::text[], $4::integer[], $5::text[])
       ON CONFLICT (data_source_id, field) DO UPDATE
         SET key_version = EXCLUDED.key_version, token = EXCLUDED.token, updated_at = now()`,
      [ref.orgId, ref.dataSourceId, fields, stored.map((s) => s.keyVersion), stored.map((s) => s.token)],
    );
  }

  /**
   * The secrets by their dotted field names; empty where there are none.
   *
   * @throws AppError CREDENTIALS_REENTRY_REQUIRED where they are bound to another destination.
   * @throws AppError SECRET_BACKEND_UNAVAILABLE where they cannot be read, or were changed or moved (then audited).
   */
  async load(tx: Tx, ref: CredentialsRef, destination: string): Promise<Record<string, string>> {
    const secrets: [string, string][] = [];
    for (const { field, key_version: keyVersion, token } of await rowsOf(tx, ref)) {
      secrets.push([field, await this.open(tx, { ...ref, field }, { keyVersion, token }, destination)]);
    }
    return Object.fromEntries(secrets);
  }

  /** Names of the fields that are stored, sorted. */
  async fields(tx: Tx, ref: CredentialsRef): Promise<string[]> {
    const rows = await rowsOf(tx, ref);
    return rows.map((row) => row.field);
  }

  /** False where stored secrets cannot be read: the application secret is not the one that they were stored under. */
  ready(): Promise<boolean> {
    return this.backend.ready();
  }

  private async open(tx: Tx, ref: SecretRef, stored: StoredSecret, destination: string): Promise<string> {
    const opened = await this.backend.get(tx, ref, stored).then(
      (text) => openEnvelope(text, ref, destination),
      (error: unknown) => {
        if (error instanceof SecretTamperedError) return { is: 'moved' } as const;
        throw error;
      },
    );
    if (opened.is === 'right') return opened.value;
    if (opened.is === 'bound_elsewhere')
      throw new AppError(
        'CREDENTIALS_REENTRY_REQUIRED',
        'The stored secrets belong to another destination.',
        {
          hint: 'Send all secrets of the data source again, together with the new destination.',
        },
      );
    await this.audit.recordApart(systemActor(ref.orgId, 'credentials'), {
      action: 'credentials.tampered',
      targetType: 'data_source',
      targetId: ref.dataSourceId,
      result: 'failure',
      code: 'SECRET_BACKEND_UNAVAILABLE',
      details: { field: ref.field },
    });
    throw new AppError(
      'SECRET_BACKEND_UNAVAILABLE',
      'A stored secret was changed or moved and is not used.',
      {
        hint: 'Enter the secrets of the data source again, and have an auditor look at the audit events.',
      },
    );
  }

  private async deleteOthers(tx: Tx, ref: CredentialsRef, keep: readonly string[]): Promise<void> {
    const [gone] = await tx.query<[CredentialRow[], number]>(
      `DELETE FROM credentials WHERE org_id = $1 AND data_source_id = $2 AND NOT field = ANY($3)
       RETURNING field, key_version, token`,
      [ref.orgId, ref.dataSourceId, keep],
    );
    for (const { field, key_version: keyVersion, token } of gone)
      await this.backend.delete(tx, { ...ref, field }, { keyVersion, token });
  }
}

function rowsOf(tx: Tx, { orgId, dataSourceId }: CredentialsRef): Promise<CredentialRow[]> {
  return tx.query<CredentialRow[]>(
    'SELECT field, key_version, token FROM credentials WHERE org_id = $1 AND data_source_id = $2 ORDER BY field',
    [orgId, dataSourceId],
  );
}
