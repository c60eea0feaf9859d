import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { unpackBlock, type BlockCodec } from '../codecs/unpack-block.js';
import { objectIn, type JsonObject } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import { RangedFile } from '../ranges.js';
import { readFooter } from '../parquet/footer.js';
import type { TableFolder } from '../table-folder.js';

/** What a log says of a table: the last of its actions `metaData` and `protocol`. */
export interface TableActions {
  metaData?: JsonObject;
  protocol?: JsonObject;
}

const FOOTER_BYTES = 64 * 1024;
/** A checkpoint has a row for each file of the table; their columns are assembled in memory. */
const MAX_ROWS = 2_000_000;
const MAX_UNPACKED = 16 * 2 ** 20;

const CODECS: Readonly<Record<string, BlockCodec>> = {
  SNAPPY: 'snappy',
  GZIP: 'gzip',
  ZSTD: 'zstd',
  LZ4_RAW: 'lz4',
  BROTLI: 'brotli',
};
const compressors = Object.fromEntries(
  Object.entries(CODECS).map(([name, codec]) => [
    name,
    (packed: Uint8Array, length: number) => unpackBlock(codec, packed, Math.min(length, MAX_UNPACKED)),
  ]),
);

/**
 * The actions in a checkpoint: of its columns only these are read, and of its row groups only those that hold them.
 * Throws ParseFault, or what hyparquet throws where the file is damaged.
 */
export async function readCheckpoint(
  folder: TableFolder,
  place: { readonly path: string; readonly size: number },
): Promise<TableActions> {
  const file = new RangedFile(folder.ranges, place.path, place.size);
  // Walks over the footer, so that a damaged one is found before anything is made of it.
  await readFooter(file);
  const buffer: AsyncBuffer = {
    byteLength: place.size,
    slice: async (start, end = place.size) => {
      folder.left -= end - start;
      if (folder.left < 0) throw new ParseFault('The checkpoint of the table is too long to be read.');
      return (await file.read(start, end - start)).slice().buffer;
    },
  };
  const metadata = await parquetMetadataAsync(buffer, { initialFetchSize: FOOTER_BYTES });
  const actions: TableActions = {};
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    if (holdsMetadata(group)) {
      assertSmall(group);
      for (const row of await parquetReadObjects({
        file: buffer,
        metadata,
        columns: ['metaData', 'protocol'],
        rowStart,
        rowEnd,
        compressors,
      }))
        take(row, actions);
    }
    rowStart = rowEnd;
    if (actions.metaData && actions.protocol) break;
  }
  return actions;
}

type RowGroup = FileMetaData['row_groups'][number];

function holdsMetadata({ columns }: RowGroup): boolean {
  const column = columns.find(
    ({ meta_data }) => meta_data?.path_in_schema.join('.') === 'metaData.schemaString',
  );
  const values = column?.meta_data?.num_values;
  const nulls = column?.meta_data?.statistics?.null_count;
  return values !== undefined && (nulls === undefined || nulls < values);
}

function assertSmall({ num_rows: rows, columns }: RowGroup): void {
  const wanted = columns.filter(({ meta_data }) =>
    /^(?:metaData|protocol)$/.test(meta_data?.path_in_schema[0] ?? ''),
  );
  const unpacked = wanted.reduce(
    (sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0),
    0,
  );
  const values = wanted.every(({ meta_data }) => Number(meta_data?.num_values ?? 0) <= 2 * MAX_ROWS);
  if (Number(rows) > MAX_ROWS || unpacked > MAX_UNPACKED || !values)
    throw new ParseFault('The checkpoint of the table is too long to be read.');
}

/** Takes over the actions of a line or a row, unless a newer one is known. */
export function take(row: JsonObject, actions: TableActions): void {
  const { metaData, protocol } = row;
  if (textLike(objectIn(metaData).schemaString)) actions.metaData ??= objectIn(metaData);
  if (objectIn(protocol).minReaderVersion !== undefined && objectIn(protocol).minReaderVersion !== null)
    actions.protocol ??= objectIn(protocol);
}

const textLike = (value: unknown): boolean => typeof value === 'string' && value !== '';
