import { Injectable } from '@nestjs/common';
import { createHmac } from 'node:crypto';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';
import type { Tx } from '../platform/database/database.service.js';

/** Makes a repeated POST give what the first one made, for 24 hours. */
@Injectable()
export class IdempotencyKeys {
  constructor(private readonly config: Config) {}

  /**
   * Takes `key` for the source `id` that the same transaction is about to make.
   *
   * @returns the id that the key stands for already, or undefined where it was free.
   * @throws AppError IDEMPOTENCY_KEY_REUSED where it stands for another request.
   */
  async claim(
    tx: Tx,
    orgId: string,
    key: string,
    { id, request }: { id: string; request: object },
  ): Promise<string | undefined> {
    const hash = this.mac(orgId, request);
    await tx.query(
      `DELETE FROM idempotency_keys WHERE org_id = $1 AND created_at < now() - interval '24 hours'`,
      [orgId],
    );
    const made = await tx.query<unknown[]>(
      `INSERT INTO idempotency_keys (org_id, key, request_hash, data_source_id) VALUES ($1, $2, $3, $4)
       ON CONFLICT (org_id, key) DO NOTHING RETURNING key`,
      [orgId, key, hash, id],
    );
    if (made.length > 0) return undefined;
    const [earlier] = await tx.query<{ request_hash: string; data_source_id: string }[]>(
      'SELECT request_hash, data_source_id FROM idempotency_keys WHERE org_id = $1 AND key = $2',
      [orgId, key],
    );
    if (earlier?.request_hash === hash) return earlier.data_source_id;
    throw new AppError('IDEMPOTENCY_KEY_REUSED', 'This idempotency key was used for another request.', {
      errors: [{ parameter: 'Idempotency-Key', code: 'reused', detail: 'Use a new key for a new request.' }],
    });
  }

  /** Keyed, because the request holds secrets: a plain hash would let a reader of the table try passwords. */
  private mac(orgId: string, request: object): string {
    const [secret = ''] = this.config.appSecrets;
    return createHmac('sha256', `idempotency\n${secret}`)
      .update(orgId)
      .update(JSON.stringify(request))
      .digest('hex');
  }
}
