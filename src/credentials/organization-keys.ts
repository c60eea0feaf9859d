import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { Database, type Tx } from '../platform/database/database.service.js';
import { Fernet, FERNET_KEY_BYTES } from './fernet.js';
import { KeyRing } from './key-ring.js';

const CACHE_SIZE = 1_000;
/** How long a key is used after it was last read: one that is destroyed stops working within this time. */
const CACHE_MS = 60_000;

/** A data key of an organization, ready for use. */
export interface DataKey {
  readonly version: number;
  readonly fernet: Fernet;
}

/** A data key as it is stored. */
export interface WrappedKey {
  readonly wrapped: Buffer;
  /** Names the application secret that it is wrapped under. */
  readonly kekVersion: string;
}

interface KeyRow {
  readonly version: number;
  readonly wrapped_key: Buffer;
  readonly kek_version: string;
}

/** Nobody can read what was encrypted with this key any more. */
export class KeyDestroyedError extends AppError {
  constructor() {
    super('SECRET_BACKEND_UNAVAILABLE', 'The key of the stored secrets was destroyed.', {
      hint: 'Enter the secrets of the data source again.',
    });
  }
}

interface Cached {
  readonly key: DataKey;
  readonly until: number;
}

/** The random data keys of the organizations, stored wrapped, made on first use, kept unwrapped in memory for a minute. */
@Injectable()
export class OrganizationKeys {
  /** By `org|version`, in the order of last reading. */
  private readonly cache = new Map<string, Cached>();

  constructor(
    private readonly database: Database,
    private readonly ring: KeyRing,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a key for an organization that has none which encrypts. To be called before the transaction that encrypts: a
   * key is made in a transaction of its own, so that what others have encrypted since stays readable where the caller's
   * is rolled back. Inside of the caller's it would wait for a second connection while holding one, and enough such
   * callers at once would wait for each other.
   */
  async prepare(orgId: string): Promise<void> {
    const found = await this.database.readInOrg(
      orgId,
      `SELECT FROM organization_keys WHERE org_id = $1 AND state = 'active'`,
      [orgId],
    );
    if (found.length === 0) await this.create(orgId);
  }

  /**
   * The key that encrypts for the organization now; `prepare` has made it. It stays the one until the transaction ends:
   * a rotation waits for that, and so finds everything that was encrypted with the key before.
   */
  async active(tx: Tx, orgId: string): Promise<DataKey> {
    const version = (await lockActive(tx, orgId)) ?? (await lockActive(tx, orgId));
    if (version === undefined)
      throw new AppError('SECRET_BACKEND_UNAVAILABLE', 'The organization has no key that may encrypt.');
    return this.byVersion(tx, orgId, version);
  }

  /** The key that something was encrypted with. */
  async byVersion(tx: Tx, orgId: string, version: number): Promise<DataKey> {
    const name = `${orgId}|${String(version)}`;
    const cached = this.cached(name);
    if (cached) return cached;
    const [row] = await tx.query<KeyRow[]>(
      `SELECT version, wrapped_key, kek_version FROM organization_keys
       WHERE org_id = $1 AND version = $2 AND state <> 'destroyed'`,
      [orgId, version],
    );
    if (!row) throw new KeyDestroyedError();
    return this.unwrap(orgId, row, name);
  }

  /** Whether every stored key can be unwrapped with the configured application secrets. */
  async ready(): Promise<boolean> {
    return this.database.asScheduler(async (tx) => {
      const [row] = await tx.query<{ foreign: boolean }[]>(
        `SELECT EXISTS (SELECT FROM organization_keys
           WHERE state <> 'destroyed' AND NOT kek_version = ANY($1)) AS foreign`,
        [this.ring.versions],
      );
      return row?.foreign === false;
    });
  }

  /** A new random key, wrapped under the newest application secret. */
  wrapNew(orgId: string, version: number): WrappedKey {
    const bytes = randomBytes(FERNET_KEY_BYTES);
    const wrapped = this.ring.wrap({ orgId, version }, bytes);
    bytes.fill(0);
    return { wrapped, kekVersion: this.ring.current };
  }

  /** Two processes may try at once: one row stays, both use it. */
  private async create(orgId: string): Promise<void> {
    // A process with a wrong secret must not add keys that the others cannot read.
    if (!(await this.ready()))
      throw new AppError(
        'SECRET_BACKEND_UNAVAILABLE',
        'Secrets of this installation were stored under another APP_SECRET.',
      );
    await this.database.inOrg(orgId, async (tx) => {
      const [last] = await tx.query<[{ version: number }]>(
        'SELECT coalesce(max(version), 0)::integer AS version FROM organization_keys WHERE org_id = $1',
        [orgId],
      );
      const version = last.version + 1;
      const { wrapped, kekVersion } = this.wrapNew(orgId, version);
      await tx.query(
        `INSERT INTO organization_keys (org_id, version, wrapped_key, kek_version, state)
         VALUES ($1, $2, $3, $4, 'active') ON CONFLICT DO NOTHING`,
        [orgId, version, wrapped, kekVersion],
      );
    });
  }

  private unwrap(orgId: string, row: KeyRow, name: string): DataKey {
    const { version } = row;
    const bytes = this.ring.unwrap({ orgId, version }, row.kek_version, row.wrapped_key);
    const key = { version, fernet: new Fernet(bytes) };
    bytes.fill(0);
    this.cache.set(name, { key, until: this.clock.monotonic() + CACHE_MS });
    if (this.cache.size > CACHE_SIZE) this.forgetOldest();
    return key;
  }

  private cached(name: string): DataKey | undefined {
    const entry = this.cache.get(name);
    if (!entry) return undefined;
    if (this.clock.monotonic() < entry.until) return entry.key;
    this.cache.delete(name);
    return undefined;
  }

  /** Takes a key out of the memory of this process. */
  forget(orgId: string, version: number): void {
    this.cache.delete(`${orgId}|${String(version)}`);
  }

  private forgetOldest(): void {
    for (const oldest of this.cache.keys()) {
      this.cache.delete(oldest);
      return;
    }
  }
}

/** Finds nothing where it had to wait for a rotation: the new key was not there yet when the statement began. */
async function lockActive(tx: Tx, orgId: string): Promise<number | undefined> {
  const [row] = await tx.query<{ version: number }[]>(
    `SELECT version FROM organization_keys WHERE org_id = $1 AND state = 'active' FOR SHARE`,
    [orgId],
  );
  return row?.version;
}
