import type { Field } from '../../../spi/index.js';
import { type Findings, type RangedFormatName, type Sample, type TableFormatName } from '../analysis.js';
import { budgetOf, type SampleReader } from '../analyze-file.js';
import { analyzeRanges, analyzeSample, withParserSlot } from '../parser-pool.js';
import { RangeFiles } from '../range-files.js';
import type { FileStore, ListedFile } from '../stores/file-store.js';

/** What a look into one object of a group found. */
export interface GroupSample {
  readonly fields: readonly Field[];
  /** Rows for each byte of the object. */
  readonly density?: number;
  /** Rows of all of it, of a table that knows. */
  readonly rows?: number;
  readonly properties: Findings['datasets'][number]['properties'];
}

/** Of a text the beginning is enough to name its columns. */
const TEXT_BYTES = 256 * 1024;

const TEXTS: Readonly<Record<string, SampleReader>> = {
  csv: (sample) => ({ format: 'csv', sample, options: {} }),
  json: (sample) => ({ format: 'json', sample, options: {} }),
};
const RANGED: ReadonlySet<string> = new Set<RangedFormatName>(['parquet', 'orc', 'avro']);

/** Whether a group can be looked into at a small price. */
export function canSample(format: string, compression: string | undefined): boolean {
  return Object.hasOwn(TEXTS, format)
    ? compression === undefined || compression === 'gzip'
    : RANGED.has(format);
}

/**
 * Reads as much of one object as tells its columns: the beginning of a text, the footer or header of the rest.
 *
 * @throws AppError of the store, or FILE_UNREADABLE and the like where it is not what its name says.
 */
export async function sampleObject(
  store: FileStore,
  { path, size }: ListedFile,
  { format, signal }: { readonly format: string; readonly signal: AbortSignal },
): Promise<GroupSample> {
  return withParserSlot(signal, async () => {
    const reader = Object.hasOwn(TEXTS, format) ? TEXTS[format] : undefined;
    if (!reader) {
      const ranged = format as RangedFormatName;
      return sampleOf(await readRanges(store, { format: ranged, path, size }, signal), size);
    }
    const file = await store.open(path, signal);
    try {
      const bytes = await file.read(0, Math.min(TEXT_BYTES, file.size), signal);
      const sample: Sample = { size: file.size, pieces: [{ offset: 0, bytes }] };
      return sampleOf({ datasets: [await analyzeSample(reader(sample), signal)] }, size);
    } finally {
      await file.close();
    }
  });
}

/** Reads the log of a table. */
export function sampleTable(
  store: FileStore,
  { format, path }: { readonly format: TableFormatName; readonly path: string },
  signal: AbortSignal,
): Promise<GroupSample> {
  return withParserSlot(signal, async () =>
    sampleOf(await readRanges(store, { format, path, size: 0 }, signal), 0),
  );
}

interface RangedPlace {
  readonly format: RangedFormatName;
  readonly path: string;
  readonly size: number;
}

async function readRanges(store: FileStore, place: RangedPlace, signal: AbortSignal): Promise<Findings> {
  const ranges = new RangeFiles(store, budgetOf(place.format));
  try {
    return await analyzeRanges({ ...place, options: {} }, ranges, signal);
  } finally {
    await ranges.close();
  }
}

function sampleOf({ datasets: [first] }: Findings, size: number): GroupSample {
  if (!first) return { fields: [], properties: {} };
  const { fields, rowEstimate, properties, table } = first;
  return {
    fields,
    properties:
      table?.partitioning === undefined ? properties : { ...properties, partitioning: table.partitioning },
    ...(rowEstimate === undefined || size === 0 ? {} : { density: rowEstimate / size }),
    ...(rowEstimate === undefined || size > 0 ? {} : { rows: rowEstimate }),
  };
}
