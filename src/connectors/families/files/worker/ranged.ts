import type { Findings, RangedFormatName, RangedTask } from '../analysis.js';
import { ParseFault } from './parse-fault.js';
import type { Ranges } from './ranges.js';

/** How a format is read: asks for ranges and gives what it found, or throws a ParseFault. */
export type RangedReader = (ranges: Ranges, task: RangedTask) => Promise<Findings>;

/** A thread loads the formats that it is asked for. */
const READERS: Readonly<Record<RangedFormatName, () => Promise<RangedReader>>> = {
  parquet: async () => (await import('./parquet/analyze-parquet.js')).analyzeParquet,
  orc: async () => (await import('./orc/analyze-orc.js')).analyzeOrc,
  avro: async () => (await import('./avro/analyze-avro.js')).analyzeAvro,
  excel: async () => (await import('./excel/analyze-excel.js')).analyzeExcel,
  delta_lake: async () => (await import('./delta/analyze-delta.js')).analyzeDelta,
  iceberg: async () => (await import('./iceberg/analyze-iceberg.js')).analyzeIceberg,
  hudi: async () => (await import('./hudi/analyze-hudi.js')).analyzeHudi,
};

/** Facts of a file or folder by ranges of it. Throws ParseFault, whatever the bytes do to a parser. */
export async function analyzeRanged(ranges: Ranges, task: RangedTask): Promise<Findings> {
  const read = await READERS[task.format]();
  try {
    return await read(ranges, task);
  } catch (error) {
    if (error instanceof ParseFault) throw error;
    // A reader of a library, or a view that is read beyond its end.
    throw new ParseFault('The file is damaged: its metadata cannot be read.');
  }
}
