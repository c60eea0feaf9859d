import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Bytes of a Fernet key: one half signs, the other encrypts. */
export const FERNET_KEY_BYTES = 32;

const VERSION = 0x80;
const HEADER_BYTES = 9;
const IV_BYTES = 16;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
const SHORTEST = HEADER_BYTES + IV_BYTES + BLOCK_BYTES + MAC_BYTES;
const CLOCK_SKEW_S = 60;

/** The token was not made with this key, was changed, or is out of its time; it says no more than that. */
export class FernetError extends Error {
  override readonly name = 'FernetError';

  constructor() {
    super('A Fernet token is not valid.');
  }
}

export interface SealOptions {
  /** Seconds since the epoch; now by default. */
  readonly timeS?: number;
  /** Only for the official test vectors: random otherwise. */
  readonly iv?: Uint8Array;
}

export interface OpenOptions {
  /** Oldest age of a token in seconds; without it the time of the token does not matter. */
  readonly ttlS?: number;
  readonly nowS?: number;
}

/** Fernet tokens (AES-128-CBC, then HMAC-SHA-256) under one key of 32 bytes: https://github.com/fernet/spec. */
export class Fernet {
  private readonly signing: Buffer;
  private readonly encryption: Buffer;

  constructor(key: Uint8Array) {
    if (key.length !== FERNET_KEY_BYTES) throw new Error('A Fernet key has 32 bytes.');
    this.signing = Buffer.from(key.subarray(0, 16));
    this.encryption = Buffer.from(key.subarray(16));
  }

  /** Gives back the token in base64url with padding. */
  seal(
    text: Uint8Array,
    { timeS = Math.floor(Date.now() / 1_000), iv = randomBytes(IV_BYTES) }: SealOptions = {},
  ): string {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt8(VERSION);
    header.writeBigUInt64BE(BigInt(timeS), 1);
    const cipher = createCipheriv('aes-128-cbc', this.encryption, iv);
    const signed = Buffer.concat([header, iv, cipher.update(text), cipher.final()]);
    return base64Url(Buffer.concat([signed, this.mac(signed)]));
  }

  /** @throws FernetError where anything at all is wrong. */
  open(token: string, { ttlS, nowS = Math.floor(Date.now() / 1_000) }: OpenOptions = {}): Buffer {
    const bytes = Buffer.from(token, 'base64url');
    // Node decodes any text: only a token in the one canonical spelling may pass.
    if (base64Url(bytes) !== token || bytes.length < SHORTEST || bytes[0] !== VERSION)
      throw new FernetError();
    const signed = bytes.subarray(0, -MAC_BYTES);
    if (!timingSafeEqual(this.mac(signed), bytes.subarray(-MAC_BYTES))) throw new FernetError();
    if (ttlS !== undefined) {
      const timeS = Number(bytes.readBigUInt64BE(1));
      if (timeS + ttlS < nowS || timeS > nowS + CLOCK_SKEW_S) throw new FernetError();
    }
    const iv = signed.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES);
    const decipher = createDecipheriv('aes-128-cbc', this.encryption, iv);
    try {
      return Buffer.concat([decipher.update(signed.subarray(HEADER_BYTES + IV_BYTES)), decipher.final()]);
    } catch {
      throw new FernetError();
    }
  }

  private mac(signed: Uint8Array): Buffer {
    return createHmac('sha256', this.signing).update(signed).digest();
  }
}

function base64Url(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
