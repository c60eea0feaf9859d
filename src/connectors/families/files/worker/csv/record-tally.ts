import { parse } from 'csv-parse/sync';
import { CAPS } from '../../analysis.js';
import { ColumnTally } from '../column-tally.js';
import { decode } from '../text-encoding.js';
import type { Dialect } from './record-scanner.js';

/** Parses pieces that are whole records and counts what is in them, column by column. */
export class RecordTally {
  readonly columns: ColumnTally[] = [];
  records = 0;
  /** Records that were passed over because of their length. */
  oversized = 0;
  /** Bytes of the file that `records` take. */
  private bytes = 0;
  private readonly options;

  constructor(private readonly dialect: Dialect) {
    const quote = dialect.quote === -1 ? null : String.fromCharCode(dialect.quote);
    this.options = {
      delimiter: String.fromCharCode(dialect.delimiter),
      quote,
      escape: quote ?? false,
      record_delimiter: dialect.newline === 13 ? ['\r'] : ['\r\n', '\n'],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      // Lengths are judged before, by the scanner.
      max_record_size: 0,
    };
  }

  /** @param scale bytes of the file for each byte here. */
  read(segment: Uint8Array, scale = 1): void {
    if (segment.includes(this.dialect.quote)) for (const record of this.parse(segment)) this.add(record);
    else this.readPlain(segment);
    this.bytes += segment.length * scale;
  }

  /** Without quotes every delimiter and line end is one: splitting finds what the parser finds, many times faster. */
  private readPlain(segment: Uint8Array): void {
    const { delimiter } = this.options;
    const crlf = this.dialect.newline !== 13;
    const lines = decode(segment, 'utf-8').split(crlf ? '\n' : '\r');
    const last = lines.length - 1;
    for (let index = 0; index <= last; index++) {
      const line = lines[index] ?? '';
      const text = crlf && index < last && line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text !== '') this.add(text.split(delimiter));
    }
  }

  parse(segment: Uint8Array): string[][] {
    return parse(segment, this.options);
  }

  add(record: readonly string[]): void {
    this.records++;
    const width = Math.min(record.length, CAPS.fields);
    for (let index = 0; index < width; index++)
      (this.columns[index] ??= new ColumnTally()).add(record[index] ?? '');
  }

  /** Records in `size` bytes by the average of those that were read; undefined where there were none. */
  estimate(size: number): number | undefined {
    return this.records === 0 || this.bytes === 0
      ? undefined
      : Math.round(size / (this.bytes / this.records));
  }
}
