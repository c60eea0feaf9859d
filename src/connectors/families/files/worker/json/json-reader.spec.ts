import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CAPS } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import { JsonFault, JsonReader } from './json-reader.js';

/** What the reader says of a text: one whole value, a cut one, or not JSON. */
function verdict(text: string): 'whole' | 'cut' | 'wrong' {
  const reader = new JsonReader(text);
  try {
    if (!reader.value()) return 'cut';
    return reader.peek() === '' ? 'whole' : 'wrong';
  } catch (error) {
    if (error instanceof JsonFault) return 'wrong';
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the JSON reader', () => {
  test('takes what JSON.parse takes', () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, 2), (text, indent) => {
        const value = JSON.parse(text) as unknown;
        expect(verdict(JSON.stringify(value, null, indent))).toBe('whole');
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  test('refuses what JSON.parse refuses', () => {
    const unit = fc.constantFrom(
      ...'{}[],:"\\ue1029-+.tfn \n\t\u0001a'.split(''),
      'true',
      'null',
      '"a":',
      '\\u00',
      '1.5e3',
      '01',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 14 }), (text) => {
        const found = verdict(text);
        expect({ text, whole: found === 'whole' }).toEqual({ text, whole: isJson(text) });
      }),
      { numRuns: 4_000, seed: 5 },
    );
  });

  test('says of each beginning of a value that it is cut', () => {
    const text = '{"a": [1.5, -2e+3, true, null, "x\\u00e9\\n\\"", {"": []}], "b": {}}';
    for (let length = 0; length < text.length; length++)
      expect([length, verdict(text.slice(0, length))]).toEqual([length, 'cut']);
    expect(verdict(text)).toBe('whole');
  });

  test('refuses depth without a deep stack', () => {
    expect(() => new JsonReader('['.repeat(100_000)).value()).toThrow(ParseFault);
    expect(() => new JsonReader('{"a":'.repeat(100_000)).value()).toThrow(ParseFault);
    expect(verdict('['.repeat(CAPS.depth) + ']'.repeat(CAPS.depth))).toBe('whole');
  });
});
