import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { AuditService } from '../audit/audit.service.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Jobs } from '../platform/jobs/jobs.service.js';
import { KeyRing, WrappedKeyError } from './key-ring.js';
import { OrganizationKeys } from './organization-keys.js';

export const KEY_STATES = ['active', 'decrypt_only', 'destroyed'] as const;
export const ROTATION_STATES = ['queued', 'running', 'succeeded', 'failed'] as const;

/** A version of an organization's data key, without the key. */
export interface KeyVersion {
  readonly version: number;
  readonly state: (typeof KEY_STATES)[number];
  /** Stored secrets under it. */
  readonly secrets: number;
  /** Whether the newest application secret wraps it; an older one is needed otherwise. */
  readonly current_app_secret: boolean;
  readonly created_at: Date;
  readonly destroyed_at: Date | null;
}

/** The newest rotation of an organization's data key: all secrets are encrypted anew under `to_version`. */
export interface KeyRotation {
  readonly to_version: number;
  readonly state: (typeof ROTATION_STATES)[number];
  readonly total: number;
  readonly done: number;
  /** Secrets that could not be read, and are as they were. */
  readonly failed: number;
  readonly requested_by: string;
  readonly requested_at: Date;
  readonly ended_at: Date | null;
}

export interface OrganizationKeyState {
  readonly keys: readonly KeyVersion[];
  readonly rotation: KeyRotation | null;
}

/** How far `rewrapAll` is. */
export interface Rewrapping {
  readonly organizations: number;
  /** Organizations that it came to, the failed ones among them. */
  readonly done: number;
  readonly keys: number;
  /** Why, by organization. */
  readonly failed: ReadonlyMap<string, string>;
}

/** Organizations at a time: fewer than the connections of the product's own pool. */
const WRAPPERS = 8;

/** What an administrator does with the keys of an organization; each change is an audit event of the same transaction. */
@Injectable()
export class KeyStore {
  constructor(
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly ring: KeyRing,
    private readonly keys: OrganizationKeys,
    private readonly audit: AuditService,
  ) {}

  /** All versions, the newest first, and how far the newest rotation is. */
  async state(orgId: string): Promise<OrganizationKeyState> {
    return this.database.inOrg(orgId, async (tx) => {
      const keys = await tx.query<KeyVersion[]>(
        `SELECT version, state, created_at, destroyed_at, kek_version = $2 AS current_app_secret,
           (SELECT count(*)::integer FROM credentials c WHERE c.org_id = $1 AND c.key_version = k.version) AS secrets
         FROM organization_keys k WHERE org_id = $1 ORDER BY version DESC`,
        [orgId, this.ring.current],
      );
      const [rotation] = await tx.query<KeyRotation[]>(
        `SELECT to_version, state, total, done, failed, requested_by, requested_at, ended_at
         FROM key_rotations WHERE org_id = $1`,
        [orgId],
      );
      return { keys, rotation: rotation ?? null };
    });
  }

  /**
   * Makes a new key, which encrypts from now on, and queues the encryption of all stored secrets under it. Those under
   * older keys can be read all the while.
   *
   * @throws AppError CONFLICT while another rotation of the organization is under way.
   */
  async rotate(actor: Actor): Promise<OrganizationKeyState> {
    const { orgId } = actor;
    await this.keys.prepare(orgId);
    await this.database.inOrg(orgId, async (tx) => {
      const [last] = await tx.query<[{ version: number }]>(
        'SELECT max(version) AS version FROM organization_keys WHERE org_id = $1',
        [orgId],
      );
      const version = last.version + 1;
      const [started] = await tx.query<unknown[]>(
        `INSERT INTO key_rotations (org_id, to_version, state, requested_by) VALUES ($1, $2, 'queued', $3)
         ON CONFLICT (org_id) DO UPDATE SET to_version = $2, state = 'queued', total = 0, done = 0, failed = 0,
           requested_by = $3, requested_at = now(), ended_at = NULL
         WHERE key_rotations.state IN ('succeeded', 'failed') RETURNING org_id`,
        [orgId, version, actor.userId],
      );
      if (!started)
        throw new AppError('CONFLICT', 'A rotation of the key is under way.', {
          hint: 'Wait until it has ended: GET /organization/keys tells how far it is.',
        });
      await tx.query(
        `UPDATE organization_keys SET state = 'decrypt_only' WHERE org_id = $1 AND state = 'active'`,
        [orgId],
      );
      const { wrapped, kekVersion } = this.keys.wrapNew(orgId, version);
      await tx.query(
        `INSERT INTO organization_keys (org_id, version, wrapped_key, kek_version, state)
         VALUES ($1, $2, $3, $4, 'active')`,
        [orgId, version, wrapped, kekVersion],
      );
      await this.jobs.add(tx, { kind: 're_encryption', orgId, refId: orgId });
      await this.record(tx, actor, 'organization_key.rotate', { version });
    });
    return this.state(orgId);
  }

  /** Wraps the keys of the organization under the newest application secret; gives back how many were not. */
  rewrap(actor: Actor): Promise<number> {
    const { orgId } = actor;
    return this.database.inOrg(orgId, async (tx) => {
      const rows = await tx.query<{ version: number; wrapped_key: Buffer; kek_version: string }[]>(
        `SELECT version, wrapped_key, kek_version FROM organization_keys
         WHERE org_id = $1 AND state <> 'destroyed' AND kek_version <> $2 FOR UPDATE`,
        [orgId, this.ring.current],
      );
      if (rows.length === 0) return 0;
      const wrapped = rows.map(({ version, wrapped_key: old, kek_version: kekVersion }) => {
        const ref = { orgId, version };
        const bytes = this.ring.unwrap(ref, kekVersion, old);
        const anew = this.ring.wrap(ref, bytes);
        bytes.fill(0);
        return anew;
      });
      await tx.query(
        `UPDATE organization_keys k SET wrapped_key = n.wrapped, kek_version = $4
         FROM unnest($2::integer[], $3::bytea[]) AS n (version, wrapped)
         WHERE k.org_id = $1 AND k.version = n.version`,
        [orgId, rows.map(({ version }) => version), wrapped, this.ring.current],
      );
      await this.record(tx, actor, 'organization_key.rewrap', { versions: rows.length });
      return rows.length;
    });
  }

  /**
   * `rewrap` for every organization that has a key under an older application secret. One that fails does not stop the
   * others.
   */
  async rewrapAll(
    actorOf: (orgId: string) => Actor,
    onProgress: (progress: Rewrapping) => void,
  ): Promise<Rewrapping> {
    const organizations = await this.outdated();
    const progress = {
      organizations: organizations.length,
      done: 0,
      keys: 0,
      failed: new Map<string, string>(),
    };
    const rest = organizations.values();
    const work = async (): Promise<void> => {
      for (const orgId of rest) {
        try {
          const keys = await this.rewrap(actorOf(orgId));
          progress.keys += keys;
        } catch (error) {
          if (!(error instanceof AppError || error instanceof WrappedKeyError)) throw error;
          progress.failed.set(orgId, error.message);
        }
        progress.done += 1;
        onProgress(progress);
      }
    };
    await Promise.all(Array.from({ length: WRAPPERS }, work));
    return progress;
  }

  /** Organizations with a key that an older application secret wraps. */
  private async outdated(): Promise<string[]> {
    const rows = await this.database.asScheduler((tx) =>
      tx.query<{ org_id: string }[]>(
        `SELECT DISTINCT org_id FROM organization_keys WHERE state <> 'destroyed' AND kek_version <> $1`,
        [this.ring.current],
      ),
    );
    return rows.map((row) => row.org_id);
  }

  /**
   * Takes a key away for good: whatever was encrypted under it, in backups too, cannot be read by anybody any more.
   * Other processes forget it within a minute.
   *
   * @param force also where stored secrets are under it: they are lost, and have to be entered again.
   * @throws AppError NOT_FOUND; CONFLICT for the key that encrypts, and where secrets would be lost without `force`.
   */
  async destroy(actor: Actor, version: number, force = false): Promise<void> {
    const { orgId } = actor;
    await this.database.inOrg(orgId, async (tx) => {
      const [key] = await tx.query<{ state: KeyVersion['state'] }[]>(
        'SELECT state FROM organization_keys WHERE org_id = $1 AND version = $2 FOR UPDATE',
        [orgId, version],
      );
      if (!key) throw AppError.notFound('key');
      if (key.state === 'destroyed') return;
      if (key.state === 'active')
        throw new AppError('CONFLICT', 'This key encrypts new secrets.', {
          hint: 'Rotate the key first; the old one can be destroyed when the rotation has succeeded.',
        });
      const [{ secrets }] = await tx.query<[{ secrets: number }]>(
        'SELECT count(*)::integer AS secrets FROM credentials WHERE org_id = $1 AND key_version = $2',
        [orgId, version],
      );
      if (secrets > 0 && !force)
        throw new AppError('CONFLICT', `${String(secrets)} stored secrets can be read by this key alone.`, {
          hint: 'Rotate the key, so that they are encrypted under the new one; with force=true they are lost.',
        });
      await tx.query(
        `UPDATE organization_keys SET state = 'destroyed', wrapped_key = '', destroyed_at = now()
         WHERE org_id = $1 AND version = $2`,
        [orgId, version],
      );
      await this.record(tx, actor, 'organization_key.destroy', { version, secrets_lost: secrets });
    });
    this.keys.forget(orgId, version);
  }

  private record(tx: Tx, actor: Actor, action: string, details: Record<string, number>): Promise<void> {
    return this.audit.record(tx, actor, {
      action,
      targetType: 'organization',
      targetId: actor.orgId,
      result: 'success',
      details,
    });
  }
}
