import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { Config } from '../platform/config/config.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Jobs, type Job } from '../platform/jobs/jobs.service.js';
import { FernetError } from './fernet.js';
import { WrappedKeyError } from './key-ring.js';
import { KeyDestroyedError, OrganizationKeys, type DataKey } from './organization-keys.js';

/** Secrets of one transaction: some 10 ms of work on the event loop. */
const BATCH = 250;

interface CredentialRow {
  readonly data_source_id: string;
  readonly field: string;
  readonly key_version: number;
  readonly token: string;
}

type Place = Pick<CredentialRow, 'data_source_id' | 'field'>;

/** What is wrong with a secret, or with its key, that no later try will mend. */
const LOST = [FernetError, WrappedKeyError, KeyDestroyedError];

const BEFORE_ALL: Place = { data_source_id: '00000000-0000-0000-0000-000000000000', field: '' };

/**
 * Encrypts the stored secrets of an organization under its newest key, some at a time. A job that is started again goes
 * on with what is still under older keys. Nobody who reads or replaces a secret meanwhile notices.
 */
@Injectable()
export class ReEncryption implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly jobs: Jobs,
    private readonly keys: OrganizationKeys,
    private readonly audit: AuditService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.takeWork();
  }

  /** Makes this process one that encrypts anew; workers do so by themselves. */
  takeWork(): void {
    this.jobs.handle('re_encryption', {
      concurrency: 1,
      run: (job, signal) => this.run(job, signal),
      abandon: (job) => this.end(job, 'failed'),
    });
  }

  private async run(job: Job, signal: AbortSignal): Promise<void> {
    const version = await this.begin(job);
    if (version === undefined) return;
    let after: Place | undefined = BEFORE_ALL;
    while (after) {
      signal.throwIfAborted();
      after = await this.batch(job, version, after);
      await yieldToOthers();
    }
    await this.end(job, 'succeeded');
  }

  /** Counts what is to be done; undefined where the rotation has ended. */
  private begin(job: Job): Promise<number | undefined> {
    return this.database.inOrg(job.orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const [[row]] = await tx.query<[{ to_version: number }[], number]>(
        `UPDATE key_rotations r SET state = 'running', failed = 0, total = r.done + (
           SELECT count(*) FROM credentials c WHERE c.org_id = $1 AND c.key_version <> r.to_version)
         WHERE org_id = $1 AND state IN ('queued', 'running') RETURNING to_version`,
        [job.orgId],
      );
      return row?.to_version;
    });
  }

  /** The secrets that follow; gives back the last of them, or nothing behind the last one of all. */
  private batch(job: Job, version: number, after: Place): Promise<Place | undefined> {
    const { orgId } = job;
    return this.database.inOrg(orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const rows = await tx.query<CredentialRow[]>(
        `SELECT data_source_id, field, key_version, token FROM credentials
         WHERE org_id = $1 AND key_version <> $2 AND (data_source_id, field) > ($3, $4)
         ORDER BY data_source_id, field LIMIT ${String(BATCH)} FOR UPDATE`,
        [orgId, version, after.data_source_id, after.field],
      );
      const target = await this.keys.byVersion(tx, orgId, version);
      const anew: CredentialRow[] = [];
      for (const row of rows) {
        const token = await this.encryptAnew(tx, orgId, row, target);
        if (token !== undefined) anew.push({ ...row, token });
      }
      await tx.query(
        `UPDATE credentials c SET token = n.token, key_version = $1
         FROM unnest($2::uuid[], $3::text[], $4::text[]) AS n (data_source_id, field, token)
         WHERE c.data_source_id = n.data_source_id AND c.field = n.field`,
        [
          version,
          anew.map((row) => row.data_source_id),
          anew.map((row) => row.field),
          anew.map((row) => row.token),
        ],
      );
      await tx.query('UPDATE key_rotations SET done = done + $2, failed = failed + $3 WHERE org_id = $1', [
        orgId,
        anew.length,
        rows.length - anew.length,
      ]);
      return rows.length < BATCH ? undefined : rows.at(-1);
    });
  }

  /** Nothing for a secret that cannot be read: it is left as it is, and whoever wants to use it hears of it. */
  private async encryptAnew(
    tx: Tx,
    orgId: string,
    { key_version: version, token }: CredentialRow,
    target: DataKey,
  ): Promise<string | undefined> {
    try {
      const { fernet } = await this.keys.byVersion(tx, orgId, version);
      return target.fernet.seal(fernet.open(token));
    } catch (error) {
      if (LOST.some((kind) => error instanceof kind)) return undefined;
      throw error;
    }
  }

  private end(job: Job, state: 'succeeded' | 'failed'): Promise<void> {
    const { orgId } = job;
    return this.database.inOrg(orgId, async (tx) => {
      await this.jobs.fence(tx, job);
      const [[row]] = await tx.query<
        [{ state: string; to_version: number; done: number; failed: number }[], number]
      >(
        `UPDATE key_rotations SET ended_at = now(), state = CASE WHEN failed > 0 THEN 'failed' ELSE $2 END
         WHERE org_id = $1 AND state IN ('queued', 'running') RETURNING state, to_version, done, failed`,
        [orgId, state],
      );
      if (!row) return;
      await this.audit.record(tx, systemActor(orgId, 're_encryption'), {
        action: 'organization_key.re_encrypt',
        targetType: 'organization',
        targetId: orgId,
        result: row.state === 'succeeded' ? 'success' : 'failure',
        details: { version: row.to_version, secrets: row.done, failed: row.failed },
      });
    });
  }
}
