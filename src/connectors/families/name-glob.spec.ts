import { expect, test } from '@jest/globals';
import { isChosen } from './name-glob.js';

test.each([
  ['files.a.csv', [], [], true],
  ['files.a.csv', ['files.*'], [], true],
  ['files.a.csv', ['*'], ['files.a.csv'], false],
  ['files.a.csv', ['other.*', '*.csv'], [], true],
  ['files.a.csv', ['files.?.csv'], [], true],
  ['files.ab.csv', ['files.?.csv'], [], false],
  ['files.日.csv', ['files.?.csv'], [], true],
  ['files.a.csv', ['FILES.*'], [], false],
  ['files.aXcsv', ['files.a.csv'], [], false],
  ['files.a+b(c).csv', ['files.a+b(c).csv'], [], true],
  ['files.a', ['files.a**'], [], true],
  ['', ['*'], [], true],
  ['', ['?'], [], false],
  ['files.abcabd', ['*ab?'], [], true],
])('%s with %j without %j: %s', (name, include, exclude, chosen) => {
  expect(isChosen(name, include, exclude)).toBe(chosen);
});

test('takes little time for any globs', () => {
  const from = performance.now();
  expect(isChosen('a'.repeat(5_000), [`${'*a'.repeat(200)}b`], [])).toBe(false);
  expect(isChosen('a'.repeat(5_000), ['*'.repeat(5_000) + 'b'], [])).toBe(false);
  expect(performance.now() - from).toBeLessThan(2_000);
});
