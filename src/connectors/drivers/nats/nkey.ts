import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** First byte of a public key of a user, and the two parts of the head of its seed. */
const USER = 20 << 3;
const SEED = 18 << 3;
/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a NATS user: an Ed25519 key pair that never leaves us, named by its public half. */
export class Nkey {
  private constructor(private readonly key: KeyObject) {}

  /** @param seed base 32, beginning with SU. @throws AppError AUTH_FAILED for a text that is no seed. */
  static of(seed: string): Nkey {
    const raw = decoded(seed);
    const body = raw.subarray(0, -2);
    const isUser = (body[0] ?? 0) === (SEED | (USER >> 5)) && ((body[1] ?? 0) & 0xf8) === (USER & 31) << 3;
    if (raw.length !== 36 || !isUser || raw.readUInt16LE(34) !== crc16(body))
      throw new AppError('AUTH_FAILED', 'The nkey seed is not one of a user, or it has a typing error.');
    const der = Buffer.concat([PKCS8, body.subarray(2)]);
    return new Nkey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  }

  /** As the configuration of a server names it, beginning with U. */
  get name(): string {
    const spki = createPublicKey(this.key).export({ format: 'der', type: 'spki' });
    const body = Buffer.concat([Buffer.from([USER]), spki.subarray(-32)]);
    const check = Buffer.alloc(2);
    check.writeUInt16LE(crc16(body));
    return encoded(Buffer.concat([body, check]));
  }

  /** Proves to a server that we have the key: its nonce, signed. */
  sign(nonce: string): string {
    return sign(null, Buffer.from(nonce), this.key).toString('base64url');
  }
}

function decoded(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return Buffer.alloc(0);
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((held >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}

function encoded(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}
