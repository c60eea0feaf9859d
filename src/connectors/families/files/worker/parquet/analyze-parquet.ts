import type { Findings, RangedTask } from '../../analysis.js';
import { FieldLister, tooManyFields } from '../field-list.js';
import { RangedFile, type Ranges } from '../ranges.js';
import { storableName } from '../text-encoding.js';
import { readFooter } from './footer.js';
import { columnsOf, schemaTree } from './parquet-types.js';

/** Columns and rows of a Parquet file by its footer: one or two reads. */
export async function analyzeParquet(ranges: Ranges, { path, size }: RangedTask): Promise<Findings> {
  const { elements, rows, rowGroups, codec, createdBy } = await readFooter(
    new RangedFile(ranges, path, size),
  );
  const lister = new FieldLister();
  const fields = lister.list(columnsOf(lister, schemaTree(elements)));
  return {
    datasets: [
      {
        fields,
        ...(Number.isSafeInteger(rows) && rows >= 0 ? { rowEstimate: rows } : {}),
        properties: {
          row_groups: rowGroups,
          ...(codec === undefined ? {} : { compression: codec }),
          ...(createdBy === undefined ? {} : { created_by: storableName(createdBy, 255) }),
        },
        ...tooManyFields(lister),
      },
    ],
  };
}
