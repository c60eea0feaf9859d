import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CAPS } from './analysis.js';
import { isGzip, samplePlan } from './sample-plan.js';

const MAX_READ = 16 * 2 ** 20;

test('a plan is in order, without overlap, even, within the cap, and reaches the end', () => {
  const sizes = fc.oneof(
    fc.integer({ min: 0, max: 20 * 2 ** 20 }),
    fc.integer({ min: CAPS.wholeBytes - 10, max: CAPS.wholeBytes + 10 }),
    fc.maxSafeInteger().map((size) => Math.abs(size)),
  );
  fc.assert(
    fc.property(sizes, (size) => {
      const plan = samplePlan(size, false);
      let end = 0;
      let read = 0;
      for (const { offset, length } of plan) {
        expect(offset).toBeGreaterThanOrEqual(end);
        expect(offset % 2).toBe(0);
        end = offset + length;
        read += length;
      }
      expect([plan[0]?.offset, end]).toEqual([0, size]);
      expect(read).toBeLessThanOrEqual(MAX_READ);
    }),
    { seed: 1 },
  );
});

test('a packed file is read from its beginning', () => {
  expect(samplePlan(10, true)).toEqual([{ offset: 0, length: 10 }]);
  expect(samplePlan(2 ** 40, true)).toEqual([{ offset: 0, length: CAPS.packedBytes }]);
  expect([isGzip(Uint8Array.of(0x1f, 0x8b)), isGzip(Uint8Array.of(0x1f)), isGzip(new Uint8Array())]).toEqual([
    true,
    false,
    false,
  ]);
});
