import type { Tx } from '../platform/database/database.service.js';

/** One secret field of one data source. */
export interface SecretRef {
  readonly orgId: string;
  readonly dataSourceId: string;
  readonly field: string;
}

/** What the database keeps of a secret: a ciphertext, or a reference to where the backend has it. */
export interface StoredSecret {
  readonly keyVersion: number;
  readonly token: string;
}

/** What is stored was not made by `put` for this reference, or was changed since. */
export class SecretTamperedError extends Error {
  override readonly name = 'SecretTamperedError';

  constructor() {
    super('A stored secret was changed or moved.');
  }
}

/**
 * Where secrets are kept. The local backend encrypts into the database; others keep the text elsewhere and hand back a
 * reference. All of them reject with AppError SECRET_BACKEND_UNAVAILABLE where they cannot work for now.
 */
export abstract class SecretBackend {
  /** Makes ready for `put` what an organization needs once; called outside of any transaction. */
  abstract prepare(orgId: string): Promise<void>;
  abstract put(tx: Tx, ref: SecretRef, text: string): Promise<StoredSecret>;
  /** Rejects with SecretTamperedError where the stored secret is not as it was made. */
  abstract get(tx: Tx, ref: SecretRef, stored: StoredSecret): Promise<string>;
  /** Forgets a secret whose row is gone. */
  abstract delete(tx: Tx, ref: SecretRef, stored: StoredSecret): Promise<void>;
  /** Whether what is stored could be read now. */
  abstract ready(): Promise<boolean>;
}
