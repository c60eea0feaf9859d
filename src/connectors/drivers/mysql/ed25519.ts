import { createHash } from 'node:crypto';

/**
 * MariaDB's `client_ed25519`: the server sends a challenge and the client signs it, with a key that is the SHA-512 of the
 * password instead of a seed of 32 bytes, which is why node:crypto cannot do it. RFC 8032 in whole numbers; it takes
 * some milliseconds, once for each login.
 */

const P = 2n ** 255n - 19n;
/** The order of the base point. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const D = mod(-121665n * inverse(121666n));

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
type Point = readonly [X: bigint, Y: bigint, Z: bigint, T: bigint];

const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960n;
const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];
const NEUTRAL: Point = [0n, 1n, 1n, 0n];

/** The signature of a challenge, 64 bytes. */
export function signEd25519(password: string, challenge: Uint8Array): Buffer {
  const key = sha512(Buffer.from(password));
  const scalar = clamped(key.subarray(0, 32));
  const nonce = numberOf(sha512(key.subarray(32), challenge)) % L;
  const commitment = encode(multiply(BASE, nonce));
  const publicKey = encode(multiply(BASE, scalar));
  const hash = numberOf(sha512(commitment, publicKey, challenge)) % L;
  return Buffer.concat([commitment, bytesOf((nonce + hash * scalar) % L)]);
}

function clamped(bytes: Buffer): bigint {
  const half = Buffer.from(bytes);
  half[0] = (half[0] ?? 0) & 0xf8;
  half[31] = ((half[31] ?? 0) & 0x7f) | 0x40;
  return numberOf(half);
}

function multiply(point: Point, by: bigint): Point {
  let [sum, power] = [NEUTRAL, point];
  for (let left = by; left > 0n; left >>= 1n) {
    if (left & 1n) sum = add(sum, power);
    power = add(power, power);
  }
  return sum;
}

/** The unified addition for a = -1; it doubles as well. */
function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function encode([x, y, z]: Point): Buffer {
  const scale = inverse(z);
  return bytesOf(mod(y * scale) | ((mod(x * scale) & 1n) << 255n));
}

function mod(value: bigint): bigint {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** By Fermat: value^(P-2). */
function inverse(value: bigint): bigint {
  let [result, power] = [1n, mod(value)];
  for (let left = P - 2n; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * power);
    power = mod(power * power);
  }
  return result;
}

/** Little-endian, as everything in Ed25519. */
function numberOf(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
