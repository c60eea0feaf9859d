import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonBody } from './json-body.js';

describe('the JSON of a body', () => {
  it('is what was sent, where it is within the limits', () => {
    const body = fc
      .jsonValue({ maxDepth: 4, stringUnit: 'grapheme' })
      .filter((value) => !/"(__proto__|constructor|prototype)"/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(body, (value) => {
        expect(parseJsonBody(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(parseJsonBody('')).toBeUndefined();
  });

  it('is refused with a code of ours, whatever the text', () => {
    const half = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.oneof(half, fc.json({ stringUnit: 'binary' })), (text) => {
        try {
          parseJsonBody(text);
        } catch (error) {
          expect(error).toMatchObject({ name: 'AppError' });
        }
      }),
    );
  });

  it.each([
    ['{"a":{"__proto__":1}}', '/a/__proto__'],
    ['{"a~/b":{"constructor":1}}', '/a~0~1b/constructor'],
    ['[{"\\u0070rototype":1}]', '/0/prototype'],
    ['{"a":["\\udfff"]}', '/a/0'],
    ['{"a\\ud800":1}', '/a\ufffd'],
    [`${'['.repeat(40)}${']'.repeat(40)}`, '/0'.repeat(32)],
    [JSON.stringify({ list: Array.from({ length: 2_001 }, () => 0) }), '/list'],
    [JSON.stringify({ lists: Array.from({ length: 50 }, () => Array.from({ length: 50 }, () => 0)) }), ''],
    [JSON.stringify({ o: Object.fromEntries(Array.from({ length: 201 }, (_, n) => [n, n])) }), '/o'],
  ])('names the place: %.40s', (text, pointer) => {
    const refuse = (): unknown => parseJsonBody(text);
    expect(refuse).toThrow(
      expect.objectContaining({ details: { errors: [expect.objectContaining({ pointer })] } }),
    );
  });
});
