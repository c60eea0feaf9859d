import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { RecordScanner, type Dialect } from './record-scanner.js';

const DIALECTS: readonly Dialect[] = [
  { delimiter: 0x2c, quote: 0x22, newline: 10 },
  { delimiter: 0x3b, quote: 0x27, newline: 10 },
  { delimiter: 0x2c, quote: -1, newline: 10 },
  { delimiter: 0x2c, quote: 0x22, newline: 13 },
];

function scanned(bytes: Uint8Array, dialect: Dialect): number[] {
  const scanner = new RecordScanner(bytes, dialect);
  const counts: number[] = [];
  while (scanner.next()) if (!scanner.blank) counts.push(scanner.fields);
  return counts;
}

function parsed(bytes: Uint8Array, { delimiter, quote, newline }: Dialect): number[] {
  const quoteText = quote === -1 ? null : String.fromCharCode(quote);
  return parse(bytes, {
    delimiter: String.fromCharCode(delimiter),
    quote: quoteText,
    escape: quoteText,
    record_delimiter: newline === 13 ? ['\r'] : ['\r\n', '\n'],
    relax_quotes: true,
    relax_column_count: true,
    skip_empty_lines: true,
  }).map((record) => record.length);
}

describe('the record scanner', () => {
  test.each(DIALECTS)(
    'sees the records and fields that csv-parse sees, in broken text too: %j',
    (dialect) => {
      fc.assert(
        fc.property(
          fc.string({ unit: fc.constantFrom('a', ',', ';', '"', "'", '\n', '\r', ' ', 'é'), maxLength: 60 }),
          (text) => {
            // A line end that closes no quote ends the text, so that neither side is left with a part of a record.
            const bytes = Buffer.from(text);
            const scanner = new RecordScanner(bytes, dialect);
            while (scanner.next());
            const whole = bytes.subarray(0, scanner.end);
            expect(scanned(whole, dialect)).toEqual(parsed(whole, dialect));
          },
        ),
        { numRuns: 1_500, seed: 11 },
      );
    },
  );
});
