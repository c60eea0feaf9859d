import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fernet, FernetError } from './fernet.js';

interface Vector {
  readonly desc?: string;
  readonly token: string;
  readonly now: string;
  readonly ttl_sec: number;
  readonly iv: readonly number[];
  readonly src: string;
  readonly secret: string;
}

/** The official vectors: https://github.com/fernet/spec. */
const vectors = (name: string): Vector[] =>
  JSON.parse(readFileSync(`test/fixtures/fernet/${name}.json`, 'utf8')) as Vector[];
const fernetOf = (vector: Vector): Fernet => new Fernet(Buffer.from(vector.secret, 'base64url'));
const seconds = (moment: string): number => Date.parse(moment) / 1_000;

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');
const fernet = new Fernet(KEY);
const opens = (token: string): boolean => {
  try {
    fernet.open(token);
    return true;
  } catch (error) {
    if (error instanceof FernetError) return false;
    throw error;
  }
};

describe('Fernet', () => {
  test.each(vectors('generate'))('makes the official token of $src', (vector) => {
    const iv = Uint8Array.from(vector.iv);
    const token = fernetOf(vector).seal(Buffer.from(vector.src), { timeS: seconds(vector.now), iv });
    expect(token).toBe(vector.token);
  });

  test.each(vectors('verify'))('opens the official token of $src', (vector) => {
    const text = fernetOf(vector).open(vector.token, { nowS: seconds(vector.now), ttlS: vector.ttl_sec });
    expect(text.toString()).toBe(vector.src);
  });

  test.each(vectors('invalid'))('refuses the official token with $desc', (vector) => {
    expect(() =>
      fernetOf(vector).open(vector.token, { nowS: seconds(vector.now), ttlS: vector.ttl_sec }),
    ).toThrow(FernetError);
  });

  test('gives back any text, each time in another token', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (text) => {
        const token = fernet.seal(text);
        expect(fernet.open(token).equals(text)).toBe(true);
        expect(fernet.seal(text)).not.toBe(token);
      }),
    );
  });

  test('refuses every single changed bit', () => {
    const bytes = Buffer.from(fernet.seal(Buffer.from('a secret of two blocks')), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const token = changed.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
      expect([bit, opens(token)]).toEqual([bit, false]);
    }
  });

  test('refuses every shortened and lengthened token', () => {
    const token = fernet.seal(Buffer.from('a secret of two blocks'));
    for (let length = 0; length < token.length; length += 1) {
      expect([length, opens(token.slice(0, length))]).toEqual([length, false]);
      expect([length, opens(token.slice(length + 1))]).toEqual([length, false]);
    }
    for (const more of ['=', 'A', '\n', ' ', '\u0000', token]) expect(opens(token + more)).toBe(false);
  });

  test('refuses every other spelling of the same bytes', () => {
    // 41 bytes more than a multiple of three: the last character has spare bits.
    const token = fernet.seal(Buffer.from('x'));
    const unpadded = token.replace(/=+$/, '');
    expect(token).toMatch(/=$/);
    expect(opens(unpadded)).toBe(false);
    expect(opens(token.replaceAll('-', '+').replaceAll('_', '/'))).toBe(!/[-_]/.test(token));
    expect(opens(`${token.slice(0, 8)}\n${token.slice(8)}`)).toBe(false);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const at = unpadded.length - 1;
    const spellings = Array.from(alphabet).filter((c) =>
      opens(unpadded.slice(0, at) + c + token.slice(at + 1)),
    );
    expect(spellings).toEqual([unpadded[at]]);
  });

  test('refuses a token of another key', () => {
    const token = new Fernet(Buffer.alloc(32, 7)).seal(Buffer.from('x'));
    expect(opens(token)).toBe(false);
    expect(() => new Fernet(Buffer.alloc(31))).toThrow('32 bytes');
  });

  test('makes 100,000 different tokens of one text', () => {
    const text = Buffer.from('the same text');
    const tokens = new Set<string>();
    for (let count = 0; count < 100_000; count += 1) tokens.add(fernet.seal(text, { timeS: 1 }));
    expect(tokens.size).toBe(100_000);
  });
});
