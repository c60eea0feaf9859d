import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KeyGroups } from './key-groups.js';
import { keySegments } from './key-pattern.js';

const patternsOf = (keys: readonly string[], maxGroups?: number): Record<string, number> => {
  const groups = new KeyGroups<string>(3, maxGroups);
  for (const key of keys) groups.add(key, () => key);
  return Object.fromEntries(groups.list().map(({ pattern, count }) => [pattern, count]));
};

describe('the pattern of a key', () => {
  test.each([
    ['user:42:cart', 'user:{id}:cart'],
    ['session:9f1c2b7e-0d7a-4f5e-9a63-3f2f0a9f6a11', 'session:{uuid}'],
    ['cache/5d41402abc4b2a76b9719d911017c592', 'cache/{hash}'],
    ['daily:2024-05-17', 'daily:{date}'],
    ['daily:20240517', 'daily:{date}'],
    ['report:2024-05', 'report:{month}'],
    ['login:jane@example.org', 'login:{email}'],
    ['rate:10.0.0.7', 'rate:{ip}'],
    ['order-2041', 'order-{id}'],
    ['app.user.42', 'app.user.{id}'],
    ['{user1000}:following', 'user{id}:following'],
    ['jwt:eyJhbGciOiJIUzI1NiJ9abc1', 'jwt:{token}'],
    ['2024-05-17T10:20:30Z', '{timestamp}'],
    ['backup:20240517T102030Z', 'backup:{timestamp}'],
    ['log:2024-05-17T10:20:30.5Z:web', 'log:{timestamp}:web'],
    ['config', 'config'],
    ['', ''],
  ])('%s is %s', (key, pattern) => {
    expect(keySegments(key).join('')).toBe(pattern);
  });

  test('takes linear time on hostile keys', () => {
    for (const key of ['a'.repeat(200_000), '1'.repeat(200_000), 'a1'.repeat(100_000), 'a@'.repeat(100_000)])
      expect(keySegments(key).join('').length).toBeLessThan(120);
  });
});

describe('groups of keys', () => {
  test('count by pattern, the largest first, with a small sample', () => {
    const groups = new KeyGroups<string>(2);
    for (const key of ['user:1', 'user:2', 'user:3', 'config']) groups.add(key, () => key);
    expect(groups.list()).toEqual([
      { pattern: 'user:{id}', count: 3, sample: ['user:1', 'user:2'] },
      { pattern: 'config', count: 1, sample: ['config'] },
    ]);
  });

  test('take many different words at one place for values', () => {
    const keys = Array.from(
      { length: 60 },
      (_, at) => `session:${'abcdefghij'[at % 10] ?? ''}${'xyzuvw'[at % 6] ?? ''}`,
    );
    const words = Array.from({ length: 60 }, (_, at) => `profile:${String.fromCodePoint(0x4e00 + at)}:name`);
    const found = patternsOf([...keys, ...words]);
    expect(found['profile:{name}:name']).toBe(60);
    expect(Object.keys(found).filter((pattern) => pattern.startsWith('session:')).length).toBeLessThanOrEqual(
      50,
    );
  });

  test('never exceed their bound and lose no key', () => {
    const part = fc.oneof(
      fc.constantFrom('a', '7', 'x@y.zz', '2024-01-01', '10.0.0.1', '{tag}', '{id}', 'b{c}'),
      fc.string({ maxLength: 4 }),
    );
    const key = fc
      .array(part, { minLength: 1, maxLength: 6 })
      .chain((parts) => fc.constantFrom(':', '/', '|').map((separator) => parts.join(separator)));
    fc.assert(
      fc.property(fc.array(key, { maxLength: 300 }), (keys) => {
        const counts = Object.values(patternsOf(keys, 8));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(keys.length);
        // One more than the bound: {other}.
        expect(counts.length).toBeLessThanOrEqual(9);
      }),
    );
  });
});
