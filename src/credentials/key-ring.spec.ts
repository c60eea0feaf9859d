import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../platform/config/config.js';
import { KeyRing, WrappedKeyError } from './key-ring.js';

const OLD = 'old-0123456789abcdef0123456789abcdef0123';
const NEW = 'new-0123456789abcdef0123456789abcdef0123';
const ref = { orgId: '0197f000-0000-7000-8000-00000000000a', version: 1 };
const dataKey = Buffer.alloc(32, 9);

const ringOf = (...secrets: string[]): KeyRing =>
  new KeyRing(loadConfig({ NODE_ENV: 'test', APP_SECRET: secrets.join(','), JWT_SECRET: OLD }));

describe('the key ring', () => {
  test('wraps under the newest secret and unwraps under all', () => {
    const before = ringOf(OLD);
    const wrapped = before.wrap(ref, dataKey);
    const after = ringOf(NEW, OLD);
    expect(after.unwrap(ref, before.current, wrapped)).toEqual(dataKey);
    expect(after.current).toBe(ringOf(NEW).current);
    expect(after.versions).toEqual([ringOf(NEW).current, before.current]);
  });

  test('names a secret without telling anything of it', () => {
    expect(ringOf(OLD).current).toMatch(/^[0-9a-f]{16}$/);
    expect(ringOf(OLD).current).toBe(ringOf(OLD).current);
    expect(ringOf(OLD).current).not.toBe(ringOf(NEW).current);
  });

  test('says that a secret is missing, and not which', () => {
    const wrapped = ringOf(OLD).wrap(ref, dataKey);
    const open = (): Buffer => ringOf(NEW).unwrap(ref, ringOf(OLD).current, wrapped);
    expect(open).toThrow(expect.objectContaining({ code: 'SECRET_BACKEND_UNAVAILABLE' }));
    expect(open).toThrow(expect.objectContaining({ message: expect.not.stringContaining('0123456789') }));
  });

  test('refuses a wrapping that was changed, cut or moved', () => {
    const ring = ringOf(NEW, OLD);
    const wrapped = ring.wrap(ref, dataKey);
    const refuses = (moved: typeof ref, version: string, bytes: Buffer): void => {
      expect(() => ring.unwrap(moved, version, bytes)).toThrow(WrappedKeyError);
    };
    refuses({ ...ref, version: 2 }, ring.current, wrapped);
    refuses({ ...ref, orgId: '0197f000-0000-7000-8000-00000000000b' }, ring.current, wrapped);
    refuses(ref, ringOf(OLD).current, wrapped);
    for (let length = 0; length < wrapped.length; length += 1)
      refuses(ref, ring.current, wrapped.subarray(0, length));
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      refuses(ref, ring.current, changed);
    }
  });
});
