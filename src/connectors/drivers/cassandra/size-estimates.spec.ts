import { describe, expect, test } from '@jest/globals';
import type { Row } from './rows.js';
import { SizeSums } from './size-estimates.js';

const FIRST = -(2n ** 63n);
const row = (table: string, start: bigint | string, end: bigint | string, count: number, mean: number): Row =>
  new Map<string, string | number>([
    ['table_name', table],
    ['range_start', String(start)],
    ['range_end', String(end)],
    ['partitions_count', count],
    ['mean_partition_size', mean],
  ]);
const estimatesOf = (...rows: Row[]) => {
  const sums = new SizeSums();
  for (const each of rows) sums.add(each);
  return Object.fromEntries(sums.estimates());
};

describe('estimates of sizes', () => {
  test('are added up over the ranges of the whole ring', () => {
    expect(estimatesOf(row('t', FIRST, 0n, 10, 100), row('t', 0n, FIRST, 30, 200))).toEqual({
      t: { partitions: 40, bytes: 7_000 },
    });
  });

  test('of half of the ring are taken for half of the table', () => {
    expect(estimatesOf(row('t', FIRST, 0n, 10, 100))).toEqual({ t: { partitions: 20, bytes: 2_000 } });
  });

  test('take a range that ends where it begins for the whole ring', () => {
    expect(estimatesOf(row('t', 5n, 5n, 7, 1))).toEqual({ t: { partitions: 7, bytes: 7 } });
  });

  test('keep tables apart and leave out what is no range of this partitioner', () => {
    expect(
      estimatesOf(
        row('a', FIRST, 0n, 1, 1),
        row('b', FIRST, 0n, 2, 1),
        row('c', '85070591730234615865843651857942052864', '0', 9, 9),
        row('d', '', '', 9, 9),
        row('e', FIRST, 0n, -1, 9),
      ),
    ).toEqual({ a: { partitions: 2, bytes: 2 }, b: { partitions: 4, bytes: 4 } });
  });

  test('that no number can hold are not told', () => {
    expect(estimatesOf(row('t', 0n, 1n, 1_000_000, 1_000_000))).toEqual({});
  });
});
