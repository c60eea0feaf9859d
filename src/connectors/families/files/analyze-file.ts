import { AppError } from '../../../common/app-error.js';
import type { DiscoveryStrategy } from '../../spi/index.js';
import {
  CAPS,
  type AnalysisTask,
  type Findings,
  type Piece,
  type RangedFormatName,
  type RangedOptions,
  type Sample,
} from './analysis.js';
import { analyzeRanges, analyzeSample, withParserSlot } from './parser-pool.js';
import { RangeFiles } from './range-files.js';
import { isGzip, samplePlan, type Range } from './sample-plan.js';
import type { FileStore, StoredFile } from './stores/file-store.js';

/** How a format reads a sample; what it is told by the connection is in here. */
export type SampleReader = (sample: Sample) => AnalysisTask;

/** A format that asks for the ranges that it needs. */
export interface RangeReader {
  readonly format: RangedFormatName;
  readonly options?: RangedOptions;
}

export type Reader = SampleReader | RangeReader;

export interface OpenedSource {
  readonly store: FileStore;
  readonly path: string;
  /** Open, of the store and the path; the caller closes it. */
  readonly file: StoredFile;
  readonly reader: Reader;
}

/** Reads under way at one moment. */
const READS: Readonly<Record<DiscoveryStrategy, number>> = { conservative: 1, balanced: 4, aggressive: 8 };

/** Formats that have to read more than the metadata of a file. */
const WIDE: ReadonlySet<RangedFormatName> = new Set(['excel', 'hudi']);

/** Bytes that may be read for the facts of one file or folder of a format that asks for ranges. */
export const budgetOf = (format: RangedFormatName): number =>
  WIDE.has(format) ? CAPS.wideRangeBytes : CAPS.rangeBytes;

/** What is in a file, parsed in a parser thread. Rejects with the codes of `analyzeSample` and of the store. */
export async function analyzeFile(
  { store, path, file, reader }: OpenedSource,
  strategy: DiscoveryStrategy,
  signal: AbortSignal,
): Promise<Findings> {
  return withParserSlot(signal, async () => {
    if (typeof reader === 'function') {
      const sample = await readSample(file, READS[strategy], signal);
      return { datasets: [await analyzeSample(reader(sample), signal)] };
    }
    const { format, options = {} } = reader;
    const ranges = new RangeFiles(store, budgetOf(format));
    ranges.knowFile(path, file);
    try {
      return await analyzeRanges({ format, options, path, size: file.size }, ranges, signal);
    } finally {
      await ranges.close();
    }
  });
}

/** The ranges of the plan, a few at a time. What is in the first bytes decides the plan, not the name of the file. */
async function readSample(file: StoredFile, reads: number, signal: AbortSignal): Promise<Sample> {
  const packed = isGzip(await file.read(0, 2, signal));
  const plan = samplePlan(file.size, packed);
  const pieces: Piece[] = new Array<Piece>(plan.length);
  const queue = plan.entries();
  const drain = async (): Promise<void> => {
    for (const [index, { offset, length }] of queue)
      pieces[index] = { offset, bytes: await readWhole(file, { offset, length }, signal) };
  };
  await Promise.all(Array.from({ length: reads }, drain));
  return { size: file.size, pieces };
}

async function readWhole(file: StoredFile, { offset, length }: Range, signal: AbortSignal) {
  const bytes = await file.read(offset, length, signal);
  if (bytes.length < length) throw new AppError('BUSY', 'The file became shorter while it was read.');
  return bytes;
}
