import { describe, expect, test } from '@jest/globals';
import { nameFilter } from './name-filter.js';
import { NameMatch } from './name-match.js';

const match = (include: string[], exclude: string[] = []): NameMatch =>
  new NameMatch(nameFilter(include, exclude));

describe('NameMatch', () => {
  test('leaves everything without patterns', () => {
    expect(match([]).keeps('shop', 'orders')).toBe(true);
    expect(match([]).mayKeepIn('shop')).toBe(true);
  });

  test.each([
    ['shop.orders', true],
    ['shop.*', true],
    ['*.orders', true],
    ['s?op.o*s', true],
    ['*', true],
    ['shop.order', false],
    ['shop.orders_', false],
    ['hop.orders', false],
    ['sh%', false],
    ['', false],
  ])('%s leaves shop.orders: %s', (glob, kept) => {
    expect(match([glob]).keeps('shop', 'orders')).toBe(kept);
    expect(match([], [glob]).keeps('shop', 'orders')).toBe(!kept);
  });

  test('takes every other character as it stands, and a character for one whatever its bytes', () => {
    expect(match(['a_b%.c\\d']).keeps('a_b%', 'c\\d')).toBe(true);
    expect(match(['a_b%.c\\d']).keeps('axbx', 'c\\d')).toBe(false);
    expect(match(['s.?']).keeps('s', '😀')).toBe(true);
  });

  test('knows the schemas in which nothing can be left', () => {
    expect(match(['shop.ord*']).mayKeepIn('shop')).toBe(true);
    expect(match(['shop.ord*']).mayKeepIn('shop2')).toBe(false);
    expect(match(['*.orders']).mayKeepIn('anything')).toBe(true);
    expect(match(['∅.∅']).mayKeepIn('shop')).toBe(false);
    expect(match([], ['shop.*']).mayKeepIn('shop')).toBe(false);
    expect(match([], ['shop.*']).mayKeepIn('shop2')).toBe(true);
    expect(match([], ['sh*']).mayKeepIn('shop')).toBe(false);
    expect(match([], ['shop.a*']).mayKeepIn('shop')).toBe(true);
  });

  test('is quick with patterns that are hard for regular expressions', () => {
    expect(match([`${'*a'.repeat(100)}b`]).keeps('s', 'a'.repeat(250))).toBe(false);
  });
});
