import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { wholeRecords } from './block-sync.js';
import type { Dialect } from './record-scanner.js';

const COMMA: Dialect = { delimiter: 0x2c, quote: 0x22, newline: 10 };

/** Texts that are hard on anyone who guesses: quotes, delimiters and line ends inside of fields. */
const field = fc.oneof(
  fc.constantFrom(
    '',
    '1',
    'abc',
    '12.5',
    '2024-01-01',
    'say "hi"',
    '{"a":1,"b":"x,y"}',
    'a,b,c',
    '","',
    '"\n"',
  ),
  fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', ',', '"', '\n', '\r\n', 'é', '日'), maxLength: 20 }),
);

function written(value: string, quoteAll: boolean): string {
  return quoteAll || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

describe('whole records in a block from the middle', () => {
  test('begin and end where records do, whatever the block cuts', () => {
    let blocks = 0;
    let missed = 0;
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 6 }).chain((columns) =>
          fc.record({
            columns: fc.constant(columns),
            rows: fc.array(fc.array(field, { minLength: columns, maxLength: columns }), {
              minLength: 30,
              maxLength: 60,
            }),
            quoteAll: fc.boolean(),
            eol: fc.constantFrom('\n', '\r\n'),
            cuts: fc.array(fc.nat(10_000), { minLength: 5, maxLength: 5 }),
          }),
        ),
        ({ columns, rows, quoteAll, eol, cuts }) => {
          const borders = new Set([0]);
          let text = '';
          for (const row of rows) {
            text += row.map((value) => written(value, quoteAll)).join(',') + eol;
            borders.add(Buffer.byteLength(text));
          }
          const bytes = Buffer.from(text);
          for (const cut of cuts) {
            const from = 2 + (cut % Math.floor(bytes.length / 2));
            const found = wholeRecords(bytes.subarray(from), COMMA, columns, true);
            blocks++;
            if (!found || found.records === 0) missed++;
            else if (!borders.has(from + found.start) || !borders.has(from + found.end)) missed += 1_000;
          }
        },
      ),
      { numRuns: 300, seed: 7 },
    );
    expect({ blocks, missed }).toEqual({ blocks, missed: 0 });
  });
});
