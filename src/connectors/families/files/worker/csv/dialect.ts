import type { CsvOptions } from '../../analysis.js';
import { RecordScanner, type Dialect } from './record-scanner.js';

const DELIMITERS = [',', ';', '\t', '|', ':'];
const MAX_RECORDS = 500;
/** A delimiter that splits fewer records alike than this is none. */
const MIN_SHARE = 0.5;

/** The dialect of a file by its beginning, in UTF-8; what is told is not questioned. */
export function detectDialect(head: Uint8Array, options: CsvOptions): Dialect {
  const newline = head.includes(10) || !head.includes(13) ? 10 : 13;
  const quote = options.quote === 'none' ? -1 : (options.quote ?? detectQuote(head)).charCodeAt(0);
  if (options.delimiter !== undefined) return { delimiter: options.delimiter.charCodeAt(0), quote, newline };
  const scored = DELIMITERS.map((character) => {
    const dialect = { delimiter: character.charCodeAt(0), quote, newline };
    return { dialect, ...consistency(head, dialect) };
  });
  const first = { delimiter: 0x2c, quote, newline };
  return scored
    .filter(({ share, fields }) => fields > 1 && share >= MIN_SHARE)
    .reduce<{ dialect: Dialect; share: number; fields: number }>(
      (best, next) =>
        next.share > best.share || (next.share === best.share && next.fields > best.fields) ? next : best,
      { dialect: first, share: 0, fields: 1 },
    ).dialect;
}

/** Fields of most records, and the share of records that have so many; misplaced quotes count against it. */
function consistency(head: Uint8Array, dialect: Dialect): { share: number; fields: number } {
  const scanner = new RecordScanner(head, dialect);
  const counts = new Map<number, number>();
  let records = 0;
  while (records < MAX_RECORDS && scanner.next()) {
    if (scanner.blank) continue;
    records++;
    counts.set(scanner.fields, (counts.get(scanner.fields) ?? 0) + 1);
  }
  // The beginning may be less than one record, or end without a line end.
  if (records === 0 && !scanner.blank) counts.set(scanner.fields, (records = 1));
  let fields = 1;
  let most = 0;
  for (const [count, times] of counts) if (times > most) [fields, most] = [count, times];
  return { share: most / (records + scanner.odd || 1), fields };
}

/** Single quotes only where fields are wrapped in them and none is in double quotes. */
function detectQuote(head: Uint8Array): '"' | "'" {
  const text = Buffer.from(head.subarray(0, 65_536)).toString('latin1');
  const wrapped = (quote: string): number =>
    text.match(
      new RegExp(`(?<=^|[,;\\t|:\\r\\n])${quote}[^${quote}\\r\\n]{0,200}${quote}(?=[,;\\t|:\\r\\n]|$)`, 'g'),
    )?.length ?? 0;
  return wrapped("'") >= 2 && wrapped('"') === 0 ? "'" : '"';
}

/** How lines end, for people. */
export function newlineName(head: Uint8Array, dialect: Dialect): 'lf' | 'crlf' | 'cr' {
  if (dialect.newline === 13) return 'cr';
  const first = head.indexOf(10);
  return first > 0 && head[first - 1] === 13 ? 'crlf' : 'lf';
}
