import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Fernet } from './fernet.js';
import { openSeedToken } from './seed-token.js';

const OLD = 'old-0123456789abcdef0123456789abcdef0123';
const NEW = 'new-0123456789abcdef0123456789abcdef0123';

describe('a token of the former system', () => {
  /** Made by Python's `cryptography`: Fernet(urlsafe_b64encode(sha256(OLD))).encrypt('pässword'). */
  const token =
    'gAAAAABrDq9hyfL0hlzInImUdQRfFmXGLoc-qXVsN1ggj9RqVCMuf7uMhmLMh1qVxsLSa7YdfQsKbi_T5YWK8v0umRk59RA8og==';

  test('is opened by the secret that it was made under, wherever that stands', () => {
    expect(openSeedToken(token, [OLD])).toBe('pässword');
    expect(openSeedToken(token, [NEW, OLD])).toBe('pässword');
  });

  test('is opened by no other one, nor when it was changed', () => {
    expect(openSeedToken(token, [NEW])).toBeUndefined();
    expect(openSeedToken(token, [])).toBeUndefined();
    expect(openSeedToken(`${token.slice(0, -4)}AAA=`, [OLD])).toBeUndefined();
    expect(openSeedToken('not a token', [OLD])).toBeUndefined();
  });

  test('is not what this product writes', () => {
    const key = createHash('sha256').update(NEW).digest();
    expect(openSeedToken(new Fernet(key).seal(Buffer.from('x')), [OLD])).toBeUndefined();
  });
});
