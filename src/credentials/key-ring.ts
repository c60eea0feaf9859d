import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';

const SALT = 'datawave data sources';
const KEY_LABEL = 'key-encryption key 1';
const VERSION_LABEL = 'key-encryption key version 1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Whose data key it is; bound to the wrapping, so that a wrapped key cannot be moved to another row. */
export interface KeyRef {
  readonly orgId: string;
  readonly version: number;
}

/** A wrapped data key was changed or moved, in contrast to one whose application secret is not configured. */
export class WrappedKeyError extends Error {
  override readonly name = 'WrappedKeyError';

  constructor() {
    super('A wrapped data key is not valid.');
  }
}

/**
 * The key-encryption keys, one derived from each application secret by HKDF-SHA-256. Each goes by a version that is
 * derived too, under another label: it names the secret and tells nothing of it.
 */
@Injectable()
export class KeyRing {
  /** Version of the newest secret: what is wrapped now is wrapped under it. */
  readonly current: string;
  private readonly keys: ReadonlyMap<string, Buffer>;

  constructor(config: Config) {
    const derived = config.appSecrets.map(
      (secret) => [derive(secret, VERSION_LABEL, 8).toString('hex'), derive(secret, KEY_LABEL, 32)] as const,
    );
    const [newest] = derived;
    if (!newest) throw new Error('There is no application secret.');
    this.current = newest[0];
    this.keys = new Map(derived);
  }

  /** Versions that can be unwrapped. */
  get versions(): string[] {
    return [...this.keys.keys()];
  }

  /** Wraps a data key by AES-256-GCM under the newest secret. */
  wrap(ref: KeyRef, dataKey: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.current), nonce);
    cipher.setAAD(context(ref, this.current));
    return Buffer.concat([nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  }

  /**
   * @throws AppError SECRET_BACKEND_UNAVAILABLE where the secret of `kekVersion` is not configured.
   * @throws WrappedKeyError where the wrapping was changed or belongs to another row.
   */
  unwrap(ref: KeyRef, kekVersion: string, wrapped: Buffer): Buffer {
    const key = this.key(kekVersion);
    if (wrapped.length <= NONCE_BYTES + TAG_BYTES) throw new WrappedKeyError();
    const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(context(ref, kekVersion));
    decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new WrappedKeyError();
    }
  }

  private key(version: string): Buffer {
    const key = this.keys.get(version);
    if (key) return key;
    throw new AppError(
      'SECRET_BACKEND_UNAVAILABLE',
      'The stored secrets cannot be read with the configured APP_SECRET.',
      {
        hint: 'Add the application secret that they were stored under to APP_SECRET, after the new one and a comma.',
      },
    );
  }
}

function derive(secret: string, label: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, SALT, label, bytes));
}

function context({ orgId, version }: KeyRef, kekVersion: string): Buffer {
  return Buffer.from(`${orgId}|${String(version)}|${kekVersion}`);
}
