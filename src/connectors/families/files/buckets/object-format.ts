/** What the name of an object says of its content. */
export interface ObjectFormat {
  /** A format of ours where the ending is known, else the ending itself; `unknown` without one. */
  readonly format: string;
  /** How it is packed, such as `gzip`. */
  readonly compression?: string;
  /** The endings as they are written, such as `.csv.gz`; `''` without one. */
  readonly ending: string;
}

const FORMATS: Readonly<Record<string, string>> = {
  csv: 'csv',
  tsv: 'csv',
  psv: 'csv',
  json: 'json',
  ndjson: 'json',
  jsonl: 'json',
  parquet: 'parquet',
  pq: 'parquet',
  orc: 'orc',
  avro: 'avro',
  xlsx: 'excel',
};

const COMPRESSIONS: Readonly<Record<string, string>> = {
  gz: 'gzip',
  bz2: 'bzip2',
  zst: 'zstd',
  lz4: 'lz4',
  snappy: 'snappy',
  br: 'brotli',
  xz: 'xz',
  zip: 'zip',
};

const UNKNOWN: ObjectFormat = { format: 'unknown', ending: '' };

/** An ending is a short word; anything else behind a dot is part of the name. */
const ENDING = /^[A-Za-z][A-Za-z0-9]{0,9}$/;

/** The format of an object by the last part of its key. */
export function formatOf(name: string): ObjectFormat {
  const last = endingOf(name);
  if (last === undefined) return UNKNOWN;
  const compression = lookUp(COMPRESSIONS, last);
  if (compression === undefined)
    return { format: lookUp(FORMATS, last) ?? last.toLowerCase(), ending: `.${last}` };
  const inner = endingOf(name.slice(0, -last.length - 1));
  const format = inner === undefined ? undefined : lookUp(FORMATS, inner);
  return format === undefined
    ? { format: compression, ending: `.${last}` }
    : { format, compression, ending: `.${inner ?? ''}.${last}` };
}

/** What a name that begins so is: a mark of some writer beside the data, such as `_SUCCESS` or a checksum. */
export function isMarker(name: string): boolean {
  return name === '' || name.startsWith('_') || name.startsWith('.') || name.endsWith('.crc');
}

function endingOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  const ending = dot <= 0 ? '' : name.slice(dot + 1);
  return ENDING.test(ending) ? ending : undefined;
}

function lookUp(table: Readonly<Record<string, string>>, name: string): string | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
