import { CAPS } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import type { RecordTally } from './record-tally.js';
import { RecordScanner, type Dialect } from './record-scanner.js';

export interface HeadFacts {
  /** The first record of the file, not counted yet: it may be the header. */
  readonly first: string[];
  /** Fields of most records; of the first one where there is no other. */
  readonly usualFields: number;
  /** The text ends inside of quotes that were opened in it. */
  readonly unclosed: boolean;
}

/** Records are handed to the parser in runs of about this many bytes. */
const RUN_BYTES = 65_536;
/** Field counts are remembered for this many records. */
const COUNTED_RECORDS = 10_000;

/**
 * Reads a file from its first byte, where the state is known: all of it, or enough of its beginning.
 *
 * @param whole the text is the whole file, so that its last record needs no line end.
 */
export function readHead(text: Uint8Array, tally: RecordTally, dialect: Dialect, whole: boolean): HeadFacts {
  const scanner = new RecordScanner(text, dialect);
  const counts = new Map<number, number>();
  let counted = 0;
  const advance = (): boolean => {
    while (scanner.next()) if (!scanner.blank) return true;
    // What is left without a line end is a record too, at the end of a file.
    if (!whole || scanner.quoted || scanner.blank) return false;
    scanner.end = text.length;
    return true;
  };

  const found = advance();
  if (!found && scanner.quoted) throw new ParseFault('The first record opens a quote that is not closed.');
  if (found ? scanner.end - scanner.begin > CAPS.recordBytes : !whole)
    throw new ParseFault(`The first line is longer than ${CAPS.recordBytes} bytes.`);
  if (!found) return { first: [], usualFields: 0, unclosed: false };
  const first = tally.parse(text.subarray(scanner.begin, scanner.end))[0] ?? [];
  const stop = whole ? text.length : scanner.end + CAPS.parsedBytes;

  let run = scanner.end;
  const flush = (end: number): void => {
    if (end > run) tally.read(text.subarray(run, end));
    run = end;
  };
  while (scanner.end < stop && advance()) {
    if (counted++ < COUNTED_RECORDS) counts.set(scanner.fields, (counts.get(scanner.fields) ?? 0) + 1);
    if (scanner.end - scanner.begin > CAPS.recordBytes) {
      flush(scanner.begin);
      run = scanner.end;
      tally.oversized++;
    } else if (scanner.end - run >= RUN_BYTES) {
      flush(scanner.end);
    }
  }
  flush(scanner.end);
  return { first, usualFields: mostFrequent(counts) ?? first.length, unclosed: whole && scanner.quoted };
}

function mostFrequent(counts: ReadonlyMap<number, number>): number | undefined {
  let best: number | undefined;
  let most = 0;
  for (const [value, times] of counts) if (times > most) [best, most] = [value, times];
  return best;
}
