import { describe, expect, it } from '@jest/globals';
import { nextSize, type PoolLoad } from './pool-size.policy.js';

const load: PoolLoad = { size: 4, base: 4, max: 10, inUse: 4, waiting: 0, waitP95Ms: 0, failed: 0 };

describe('the size of a pool', () => {
  it.each<[string, Partial<PoolLoad>, number]>([
    ['stays where nobody waits', {}, 4],
    ['grows where somebody waits', { waiting: 1 }, 6],
    ['grows where callers had to wait', { waitP95Ms: 50 }, 6],
    ['stays where waits were not for a session', { waitP95Ms: 50, inUse: 3 }, 4],
    ['grows to its maximum and not beyond', { size: 9, inUse: 9, waiting: 5 }, 10],
    ['stays where the source refused more', { waiting: 5, failed: 1 }, 4],
    ['shrinks where less than half is used', { size: 10, inUse: 2 }, 7],
    ['shrinks no further than what is used', { size: 10, inUse: 4 }, 7],
    ['never shrinks below what the source asks for', { size: 5, inUse: 0 }, 4],
    ['stays where half of it is used', { size: 10, inUse: 5 }, 10],
    ['follows a maximum that was lowered', { size: 10, inUse: 8, max: 6 }, 6],
  ])('%s', (_, change, expected) => {
    expect(nextSize({ ...load, ...change })).toBe(expected);
  });
});
