import type { ErrorCode } from '../../../common/app-error.js';
import type { Field } from '../../spi/metadata.js';

/** What is sent to a parser thread and what comes back: plain data only. */

const KB = 1024;
const MB = 1024 * KB;

/**
 * What one analysis may cost, whatever is in the file. The sum of what is read stays below 16 MB: `wholeBytes`, or
 * `headBytes` + `blocks` x `blockBytes`, or `packedBytes`.
 */
export const CAPS = {
  /** A file up to this size is read as a whole, so that its facts are exact. */
  wholeBytes: 8 * MB,
  /** Of a longer one: the beginning in one piece … */
  headBytes: 1 * MB,
  /** … and blocks spread evenly over the rest, the last one at its end. */
  blocks: 63,
  blockBytes: 128 * KB,
  /** Of the records in a block so many bytes are parsed, or one record: the spread finds more than the length. */
  parsedBytes: 64 * KB,
  /** Of a gzip file: its beginning, as it can only be read from there. */
  packedBytes: 8 * MB,
  /** Of that at most this much is unpacked … */
  unpackedBytes: 16 * MB,
  /** … and what swells more than this many times is refused: no table of facts packs so well, but a bomb does. */
  unpackedRatio: 200,
  /** A record (CSV line, JSON value of a sequence) that is longer is not looked at. */
  recordBytes: 1 * MB,
  /** Columns of a CSV file, or fields at all levels of a JSON file. */
  fields: 10_000,
  /** Characters of a column name; the rest is cut off. */
  nameLength: 1_024,
  /** JSON that nests deeper is refused. */
  depth: 512,
  /** JSON fields below this level are not listed. */
  fieldDepth: 16,
  /** An object with more keys than this is a map, keyed by data. */
  mapKeys: 1_000,
  parseMs: 20_000,
} as const;

export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'latin-1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

export interface CsvOptions {
  readonly delimiter?: string | undefined;
  /** `none`: quotes have no meaning. */
  readonly quote?: '"' | "'" | 'none' | undefined;
  readonly hasHeader?: boolean | undefined;
  readonly encoding?: Encoding | undefined;
}

export interface JsonOptions {
  /** `lines`: one value per line; `document`: one value, an array of it being records. */
  readonly layout?: 'lines' | 'document' | undefined;
}

export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What was read of a file: pieces in the order of the file that do not overlap; the first begins at 0. */
export interface Sample {
  readonly size: number;
  readonly pieces: readonly Piece[];
}

export type AnalysisTask =
  | { readonly format: 'csv'; readonly sample: Sample; readonly options: CsvOptions }
  | { readonly format: 'json'; readonly sample: Sample; readonly options: JsonOptions };

export type FileFormatName = AnalysisTask['format'];

export interface Analysis {
  readonly fields: readonly Field[];
  readonly rowEstimate?: number;
  readonly properties: Readonly<Record<string, string | boolean>>;
  /** Why the facts are only part of what is in the file; absent when they are all of it. */
  readonly partial?: string;
}

/** A fault is sent as data, as an error loses its class on the way between threads. */
export type AnalysisResult =
  | { readonly ok: true; readonly analysis: Analysis }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint?: string };
