import { describe, expect, test } from '@jest/globals';
import { fingerprintOf, sumOfVersions, type Versions } from './fingerprint.js';

const versions: Versions = {
  columns: 10,
  columnVersions: 7_420,
  types: 3,
  constraints: 4,
  constraintVersions: 2_968,
  references: '["s","t","id"]',
  indexRows: 6,
  indexVersions: 4_452,
  comments: 3,
  commentVersions: 2_226,
};

describe('fingerprintOf', () => {
  test('is the same for the same state', () => {
    expect(fingerprintOf('742', versions)).toBe(fingerprintOf('742', { ...versions }));
  });

  test.each(Object.keys(versions) as (keyof Versions)[])('moves with %s', (key) => {
    const value = versions[key];
    const moved = { ...versions, [key]: typeof value === 'number' ? value + 1 : `${value}x` };
    expect(fingerprintOf('742', moved)).not.toBe(fingerprintOf('742', versions));
  });

  test('moves with the stamp', () => {
    expect(fingerprintOf('743', versions)).not.toBe(fingerprintOf('742', versions));
  });

  test('is the same by transaction ids and by their ages, also where the ids have gone round', () => {
    for (const ids of [
      [742, 742, 800],
      [2 ** 32 - 2, 2 ** 32 - 1, 5],
    ]) {
      for (const now of [900, 7]) {
        // Ages are 32 bits, as the server counts them.
        const ages = ids.map((id) => (now - id) | 0);
        const byId = ids.reduce((sum, id) => sum + id, 0);
        const byAge = sumOfVersions(
          ids.length,
          ages.reduce((sum, age) => sum + age, 0),
          now,
        );
        expect(fingerprintOf('1', { ...versions, columnVersions: byAge })).toBe(
          fingerprintOf('1', { ...versions, columnVersions: byId }),
        );
      }
    }
  });
});
