import { describe, expect, test } from '@jest/globals';
import type { Dialect } from './record-scanner.js';
import { RecordTally } from './record-tally.js';

/** Keeps the records that it is given. */
class Records extends RecordTally {
  readonly found: string[][] = [];

  override add(record: readonly string[]): void {
    this.found.push([...record]);
  }
}

/** Numbers that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    yield state >> 8;
  }
}

const COMMA = 0x2c;
const BYTES = [COMMA, COMMA, 10, 10, 13, 13, 0x20, 0x61, 0x31, 0xc3, 0xa9, 0xff, 0xef, 0xbb, 0xbf];

describe.each<[string, Dialect]>([
  ['LF', { delimiter: COMMA, quote: 0x22, newline: 10 }],
  ['CR', { delimiter: COMMA, quote: 0x22, newline: 13 }],
  ['LF without quotes', { delimiter: COMMA, quote: -1, newline: 10 }],
])('records that are split, by %s', (_name, dialect) => {
  test('are those of the parser, whatever the bytes', () => {
    const random = numbers(7);
    for (let round = 0; round < 2_000; round++) {
      const segment = Uint8Array.from(
        { length: random.next().value % 24 },
        () => BYTES[random.next().value % BYTES.length] ?? 0,
      );
      const records = new Records(dialect);
      records.read(segment);
      expect({ segment, records: records.found }).toEqual({ segment, records: records.parse(segment) });
    }
  });
});
