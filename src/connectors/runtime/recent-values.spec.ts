import { expect, it } from '@jest/globals';
import { RecentValues } from './recent-values.js';

it('tells quantiles of the last values alone', () => {
  const values = new RecentValues(4);
  expect(values.quantile(0.95)).toBe(0);
  [100, 200, 1, 2, 3, 4].forEach((value) => values.add(value));
  expect(values.quantile(0)).toBe(1);
  expect(values.quantile(0.5)).toBe(3);
  expect(values.quantile(1)).toBe(4);
  values.clear();
  expect(values.quantile(0.5)).toBe(0);
});
