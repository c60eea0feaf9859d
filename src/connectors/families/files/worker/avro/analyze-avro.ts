import type { Findings, RangedTask } from '../../analysis.js';
import { FieldLister, tooManyFields } from '../field-list.js';
import { RangedFile, type Ranges } from '../ranges.js';
import { storableName } from '../text-encoding.js';
import { readAvroHeader } from './avro-header.js';
import { AvroSchema } from './avro-schema.js';

const SYNC_BYTES = 16;

/** Columns of an Avro file by its header. The rows are estimated by the first block, as nothing counts them. */
export async function analyzeAvro(ranges: Ranges, { path, size }: RangedTask): Promise<Findings> {
  const { schema, codec, first, end } = await readAvroHeader(new RangedFile(ranges, path, size));
  const lister = new FieldLister();
  const fields = lister.list(new AvroSchema(schema, lister).columns());
  return {
    datasets: [
      {
        fields,
        rowEstimate: first ? rowsOf(size - end, first) : 0,
        properties: { compression: codec === 'null' ? 'none' : storableName(codec, 50) },
        ...tooManyFields(lister),
      },
    ],
  };
}

function rowsOf(bytes: number, { records, length }: { records: number; length: number }): number {
  const blocks = Math.max(1, bytes / (length + SYNC_BYTES));
  // The counts of the block itself are a few bytes: one block alone is exact.
  const rows = Math.round(blocks < 1.5 ? records : records * blocks);
  return Number.isSafeInteger(rows) ? rows : 0;
}
