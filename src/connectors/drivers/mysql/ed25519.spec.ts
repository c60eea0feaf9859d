import { expect, test } from '@jest/globals';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { signEd25519 } from './ed25519.js';

/** A password of 32 bytes is a seed of RFC 8032: there node:crypto is the judge. */
test('signs as node:crypto does where the password is as long as a seed', () => {
  for (const seed of [
    '0123456789abcdef0123456789abcdef',
    'p'.repeat(32),
    '~!@#$%^&*()_+{}|:"<>?-=[];,./~~~',
  ]) {
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.from(seed)]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    for (const challenge of [Buffer.alloc(32, 7), Buffer.from('another challenge')]) {
      const signature = signEd25519(seed, challenge);
      expect(signature.equals(sign(null, challenge, key))).toBe(true);
      expect(verify(null, challenge, createPublicKey(key), signature)).toBe(true);
    }
  }
});
