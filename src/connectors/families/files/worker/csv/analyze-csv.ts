import type { Field } from '../../../../spi/metadata.js';
import { CAPS, type Analysis, type CsvOptions, type Sample } from '../../analysis.js';
import type { ColumnTally } from '../column-tally.js';
import { ParseFault } from '../parse-fault.js';
import { detectEncoding, toUtf8 } from '../text-encoding.js';
import { wholeRecords } from './block-sync.js';
import { detectDialect, newlineName } from './dialect.js';
import { columnNames, hasHeader } from './header.js';
import { readHead } from './head.js';
import { RecordTally } from './record-tally.js';

const SNIFF_BYTES = 65_536;

/** Columns of a CSV file by a sample of it. Throws ParseFault. */
export function analyzeCsv(sample: Sample, options: CsvOptions): Analysis {
  const [head, ...blocks] = sample.pieces;
  const { encoding, bomBytes } = detectEncoding(sample, options.encoding);
  const text = toUtf8((head?.bytes ?? new Uint8Array()).subarray(bomBytes), encoding);
  const sniffed = text.subarray(0, SNIFF_BYTES);
  if (sniffed.includes(0))
    throw new ParseFault(
      'The file is not text: it holds NUL bytes.',
      'FILE_UNREADABLE',
      'For UTF-16 without a byte order mark set `encoding`.',
    );
  const dialect = detectDialect(sniffed, options);
  const whole = (head?.bytes.length ?? 0) >= sample.size;

  const tally = new RecordTally(dialect);
  const start = readHead(text, tally, dialect, whole);
  const header = options.hasHeader ?? hasHeader(start.first, tally.columns);
  if (!header) tally.add(start.first);

  let skipped = 0;
  const columns = start.usualFields;
  for (const { offset, bytes } of blocks) {
    const block = toUtf8(bytes, encoding);
    const segment = wholeRecords(block, dialect, columns, offset + bytes.length >= sample.size);
    // In bytes of the file, whatever UTF-8 makes of them.
    if (segment) tally.read(block.subarray(segment.start, segment.end), bytes.length / (block.length || 1));
    else skipped++;
  }

  const width = Math.max(header ? start.first.length : 0, columns, 0);
  const names = columnNames(header ? start.first : [], Math.min(width, CAPS.fields));
  const rows = whole ? tally.records : tally.estimate(sample.size);
  const partial = whyPartial({ width, skipped, blocks: blocks.length, unclosed: start.unclosed, tally });
  return {
    fields: names.map((name, index) => fieldOf(name, index, tally.columns[index], tally.records)),
    ...(rows === undefined ? {} : { rowEstimate: rows }),
    properties: {
      delimiter: String.fromCharCode(dialect.delimiter),
      quote: dialect.quote === -1 ? 'none' : String.fromCharCode(dialect.quote),
      encoding,
      header,
      newline: newlineName(sniffed, dialect),
      sampled: !whole,
    },
    ...(partial === undefined ? {} : { partial }),
  };
}

function fieldOf(name: string, index: number, tally: ColumnTally | undefined, records: number): Field {
  const { type, form } = tally?.column ?? { type: 'unknown', form: 'unknown' };
  const present = tally?.present ?? 0;
  const digits = type === 'decimal' ? tally?.digits : undefined;
  return {
    name,
    ordinal: index + 1,
    native_type: form,
    type,
    nullable: present < records || records === 0,
    ...(type === 'string' && tally ? { max_length: tally.maxLength } : {}),
    ...digits,
    inferred: true,
    ...(records > 0 ? { prevalence: Math.round((present / records) * 10_000) / 10_000 } : {}),
  };
}

interface Gaps {
  readonly width: number;
  readonly skipped: number;
  readonly blocks: number;
  readonly unclosed: boolean;
  readonly tally: RecordTally;
}

function whyPartial({ width, skipped, blocks, unclosed, tally }: Gaps): string | undefined {
  if (width > CAPS.fields) return `The file has ${width} columns; the first ${CAPS.fields} are listed.`;
  if (unclosed) return 'A quote is opened and never closed: what follows it was not read.';
  if (tally.oversized > 0) return `Records longer than ${CAPS.recordBytes} bytes were not read.`;
  if (blocks > 0 && skipped > blocks / 2)
    return `No whole record was found in ${skipped} of ${blocks} blocks of the file.`;
  return undefined;
}
