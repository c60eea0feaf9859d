import { Injectable } from '@nestjs/common';
import type { Tx } from '../platform/database/database.service.js';
import { FernetError } from './fernet.js';
import { WrappedKeyError } from './key-ring.js';
import { OrganizationKeys } from './organization-keys.js';
import { SecretBackend, SecretTamperedError, type SecretRef, type StoredSecret } from './secret-backend.js';

/** Keeps secrets in the database as Fernet tokens under the organization's data key. */
@Injectable()
export class LocalSecretBackend extends SecretBackend {
  constructor(private readonly keys: OrganizationKeys) {
    super();
  }

  prepare(orgId: string): Promise<void> {
    return this.keys.prepare(orgId);
  }

  async put(tx: Tx, { orgId }: SecretRef, text: string): Promise<StoredSecret> {
    const { version, fernet } = await this.keys.active(tx, orgId);
    return { keyVersion: version, token: fernet.seal(Buffer.from(text)) };
  }

  async get(tx: Tx, { orgId }: SecretRef, { keyVersion, token }: StoredSecret): Promise<string> {
    try {
      const { fernet } = await this.keys.byVersion(tx, orgId, keyVersion);
      return fernet.open(token).toString('utf8');
    } catch (error) {
      if (error instanceof FernetError || error instanceof WrappedKeyError) throw new SecretTamperedError();
      throw error;
    }
  }

  async delete(): Promise<void> {
    // The row was all there is.
  }

  ready(): Promise<boolean> {
    return this.keys.ready();
  }
}
