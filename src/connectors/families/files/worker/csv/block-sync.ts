import { CAPS } from '../../analysis.js';
import { RecordScanner, type Dialect } from './record-scanner.js';

/** Whole records inside of a block. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly records: number;
}

interface Attempt extends Segment {
  /** Records with as many fields as the file has columns, and the others. */
  readonly matched: number;
  readonly mismatched: number;
  readonly odd: number;
}

/**
 * Whole records in a block from the middle of a file, where nobody knows whether its first byte is inside of quotes.
 * Both states are tried far into the block; the one that leads to fewer misplaced quotes and wrong field counts
 * is the true one. Undefined where neither leads to records: a block inside of one long field, for instance.
 *
 * @param columns how many fields a record of this file has.
 * @param last the block ends where the file ends, so that its last record needs no line end.
 */
export function wholeRecords(
  block: Uint8Array,
  dialect: Dialect,
  columns: number,
  last: boolean,
): Segment | undefined {
  // The end of a file counts no more than any other place, unless its records are long.
  const near = last ? block.length - CAPS.parsedBytes : 0;
  const ending = near > 0 ? wholeRecords(block.subarray(near), dialect, columns, true) : undefined;
  if (ending) return { ...ending, start: near + ending.start, end: near + ending.end };
  const start = clearOfQuotes(block, dialect.quote);
  const before = block[start - 1];
  const fieldStart = before === dialect.delimiter || before === dialect.newline;
  const outside = attempt(new RecordScanner(block, dialect, start, false, fieldStart), block, columns, last);
  const best = block.includes(dialect.quote)
    ? better(outside, attempt(new RecordScanner(block, dialect, start, true, false), block, columns, last))
    : outside;
  return best.matched > best.mismatched ? best : undefined;
}

/**
 * The first offset with no quote at it or before it: between the two quotes of an escaped one, neither of the two
 * states would be right.
 */
function clearOfQuotes(block: Uint8Array, quote: number): number {
  let at = 1;
  while (at < block.length && (block[at] === quote || block[at - 1] === quote)) at++;
  return at;
}

function attempt(scanner: RecordScanner, block: Uint8Array, columns: number, last: boolean): Attempt {
  let matched = 0;
  let mismatched = 0;
  const count = (): void => {
    if (scanner.blank) return;
    if (scanner.fields === columns) matched++;
    else mismatched++;
  };
  // The first record is cut: its end is where the first whole one begins.
  const begun = scanner.next();
  const start = scanner.end;
  // How a file ends is worth knowing to the last record.
  const enough = last ? block.length : start + CAPS.parsedBytes;
  while (begun && scanner.end < enough && scanner.next()) count();
  // What the file ends with needs no line end.
  const closes = last && begun && scanner.end < enough && !scanner.quoted;
  if (closes) count();
  return {
    start,
    end: closes ? block.length : scanner.end,
    records: matched + mismatched,
    matched,
    mismatched,
    odd: scanner.odd,
  };
}

function better(outside: Attempt, inside: Attempt): Attempt {
  const cost = ({ odd, mismatched }: Attempt): number => odd + mismatched;
  const difference = cost(outside) - cost(inside);
  if (difference !== 0) return difference < 0 ? outside : inside;
  return inside.matched > outside.matched ? inside : outside;
}
