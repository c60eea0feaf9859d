import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Nkey } from './nkey.js';

/** The pair in the documentation of NATS. */
const SEED = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY';
const PUBLIC = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4';

describe('a key of a NATS user', () => {
  test('has the name that NATS gives it', () => {
    expect(Nkey.of(SEED).name).toBe(PUBLIC);
  });

  test('signs a nonce so that its public half proves it', () => {
    const signature = Buffer.from(Nkey.of(SEED).sign('nonce-1'), 'base64url');
    // The 32 bytes of the public key, out of its name.
    const bits = Array.from(PUBLIC, (letter) =>
      'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
    );
    const bytes =
      bits
        .join('')
        .match(/.{8}/g)
        ?.slice(1, 33)
        .map((byte) => parseInt(byte, 2)) ?? [];
    const key = createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(bytes)]),
      format: 'der',
      type: 'spki',
    });
    expect(verify(null, Buffer.from('nonce-1'), key, signature)).toBe(true);
    expect(verify(null, Buffer.from('nonce-2'), key, signature)).toBe(false);
  });

  test.each([
    ['a typing error', SEED.replace('SUACSS', 'SUACSA')],
    ['an account', `SA${SEED.slice(2)}`],
    ['a public key', PUBLIC],
    ['too little', SEED.slice(0, -2)],
    ['another alphabet', SEED.toLowerCase()],
    ['nothing', ''],
  ])('is refused where it is %s, and not told', (_what, seed) => {
    expect(() => Nkey.of(seed)).toThrow(expect.objectContaining({ code: 'AUTH_FAILED' }));
  });
});
