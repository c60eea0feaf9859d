import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageKey, covers } from './coverage.policy.js';

const covered = (include: string[], exclude: string[], name = 'sales.orders'): boolean => {
  const [schema = '', dataset = ''] = name.split('.');
  return covers({ include, exclude }, schema, dataset);
};

describe('covers', () => {
  it.each([
    [[], [], true],
    [['*'], [], true],
    [['sales.*'], [], true],
    [['sales.order?'], [], true],
    [['sales.orders?'], [], false],
    [['sal*'], [], true],
    [['*ord*s'], [], true],
    [['Sales.*'], [], false],
    [['sales'], [], false],
    [['other.*', 'sales.orders'], [], true],
    [[], ['sales.*'], false],
    [['sales.orders'], ['*.orders'], false],
    [['s.les.orders'], [], false],
    [['sales.orders***'], [], true],
  ])('include %j, exclude %j: %s', (include, exclude, expected) => {
    expect(covered(include, exclude)).toBe(expected);
  });

  it('takes ? for one character, however many bytes it has', () => {
    expect(covered(['a.?'], [], 'a.🚀')).toBe(true);
    expect(covered(['a.??'], [], 'a.🚀')).toBe(false);
    expect(covered(['a.*🚀?'], [], 'a.🚀🚀🚀x')).toBe(true);
  });

  it('means the same as the regular expression that it stands for', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    const names = fc.string({ unit: fc.constantFrom('a', 'b', '.', '\n'), maxLength: 10 });
    fc.assert(
      fc.property(letters, names, (glob, name) => {
        const source = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        const expected = new RegExp(`^${source}$`, 'su').test(`s.${name}`);
        expect(covers({ include: [glob], exclude: [] }, 's', name)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not slowed down by many stars', () => {
    const glob = `${'*a'.repeat(120)}b`;
    const from = performance.now();
    expect(covered([glob], [], `s.${'a'.repeat(2_000)}`)).toBe(false);
    expect(performance.now() - from).toBeLessThan(1_000);
  });
});

it('coverageKey does not mind the order of globs', () => {
  expect(coverageKey({ include: ['b', 'a'], exclude: ['c'] })).toBe(
    coverageKey({ include: ['a', 'b'], exclude: ['c'] }),
  );
  expect(coverageKey({ include: ['a'], exclude: [] })).not.toBe(coverageKey({ include: [], exclude: ['a'] }));
});
