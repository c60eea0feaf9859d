import type { ErrorCode } from '../../../common/app-error.js';
import type { Dataset, Field } from '../../spi/metadata.js';

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
  parsedBytes: 32 * KB,
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
  /** Work of a parser thread; the time that it waits for ranges does not count. */
  parseMs: 20_000,
  /** Of a file with a footer or a header, and of the log of a table, at most so much is read … */
  rangeBytes: 1 * MB,
  /** … of a workbook or of a table whose log has to be read as a whole so much … */
  wideRangeBytes: 8 * MB,
  /** … in so many reads; and so many files of one folder are listed. */
  rangeReads: 400,
  listedFiles: 100_000,
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

/** Formats of one file that say themselves where in it their facts are: at its end, in its header, in a directory. */
export const FILE_RANGE_FORMATS = ['parquet', 'orc', 'avro', 'excel'] as const;
/** Formats of a folder: a log of metadata beside the data. */
export const TABLE_FORMATS = ['delta_lake', 'iceberg', 'hudi'] as const;
export type TableFormatName = (typeof TABLE_FORMATS)[number];
export type RangedFormatName = (typeof FILE_RANGE_FORMATS)[number] | TableFormatName;

/** What a format is told by the connection, beside the place. */
export interface RangedOptions {
  /** Whether the first row of each sheet names the columns; found out if left out. */
  readonly hasHeader?: boolean | undefined;
}

/** A file or a folder whose ranges the parser thread asks for, see `worker/ranges.ts`. */
export interface RangedTask {
  readonly format: RangedFormatName;
  /** Of the file, or of the folder without a slash at its end; `''` is the root of the store. */
  readonly path: string;
  /** Bytes of the file; 0 for a folder. */
  readonly size: number;
  readonly options: RangedOptions;
}

/** What a thread asks the main thread for. Each question has one answer, by its number. */
export type RangeQuestion =
  | {
      readonly id: number;
      readonly ask: 'read';
      readonly path: string;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly id: number; readonly ask: 'list'; readonly prefix: string };

/** Without bytes: there is no such file. */
export interface RangeAnswer {
  readonly id: number;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  readonly files?: readonly RangeFile[];
}

export interface RangeFile {
  readonly path: string;
  readonly size: number;
}

export interface Analysis {
  readonly fields: readonly Field[];
  readonly rowEstimate?: number;
  readonly properties: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Why the facts are only part of what is in the file; absent when they are all of it. */
  readonly partial?: string;
}

/** One dataset of a file or folder. */
export interface Finding extends Analysis {
  /** Its name inside of a file that holds several, such as a sheet; absent where the file is the dataset. */
  readonly part?: string;
  /** Facts that only tables have, as they stand in a Dataset. */
  readonly table?: Pick<Dataset, 'comment' | 'partitioning' | 'primary_key' | 'checks' | 'size_bytes'>;
}

export interface Findings {
  readonly datasets: readonly Finding[];
  /** Why datasets are missing. */
  readonly partial?: string;
}

/** A fault is sent as data, as an error loses its class on the way between threads. */
export type ThreadResult<T> =
  | { readonly ok: true; readonly analysis: T }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint?: string };
