import { describe, expect, test } from '@jest/globals';
import { nameFilter } from './name-filter.js';

describe('nameFilter', () => {
  test.each([
    ['public.*', 'public.%'],
    ['*.order?', '%.order_'],
    ['a_b.100%', 'a\\_b.100\\%'],
    ['back\\slash.[a-z]', 'back\\\\slash.[a-z]'],
    ["quote'.x", "quote'.x"],
  ])('the glob %s is the pattern %s', (glob, pattern) => {
    expect(nameFilter([glob], [])).toEqual({ include: [pattern], exclude: [] });
    expect(nameFilter([], [glob])).toEqual({ include: [], exclude: [pattern] });
  });
});
