import { parquetMetadata, type SchemaElement } from 'hyparquet';
import { CAPS } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import type { RangedFile } from '../ranges.js';
import { ThriftCursor } from './thrift.js';

/** What is read first; most footers are in it, so that one read is enough. */
const TAIL_BYTES = 16_384;
/** Length of the footer, and the magic. */
const TRAILER_BYTES = 8;
const MAX_FOOTER = CAPS.rangeBytes - TAIL_BYTES - TRAILER_BYTES;

const CODECS = ['none', 'snappy', 'gzip', 'lzo', 'brotli', 'lz4', 'zstd', 'lz4_raw'] as const;

export interface ParquetFooter {
  /** The schema as the file has it: each element followed by its children. */
  readonly elements: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: number;
  /** Absent where the footer is too long to be read to its end. */
  readonly createdBy?: string;
  readonly codec?: string;
}

/**
 * The footer of a Parquet file. Of a long one only the beginning is read: schema and number of rows stand before the row
 * groups, which make it long.
 */
export async function readFooter(file: RangedFile): Promise<ParquetFooter> {
  const tail = await file.tail(TAIL_BYTES);
  const magic = Buffer.from(tail.subarray(-4)).toString('latin1');
  if (magic === 'PARE')
    throw new ParseFault(
      'The footer of the file is encrypted.',
      'FILE_UNREADABLE',
      'Encrypt the columns only.',
    );
  if (tail.length < TRAILER_BYTES + 4 || magic !== 'PAR1')
    throw new ParseFault('The file is no Parquet file, or it is cut off: its end is missing.');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(tail.length - TRAILER_BYTES, true);
  const from = file.size - TRAILER_BYTES - length;
  if (from < 4) throw new ParseFault('The length of the footer is wrong: the file is damaged.');
  const inTail = tail.length - TRAILER_BYTES - length;
  if (inTail >= 0) return parseFooter(tail.subarray(inTail, tail.length - TRAILER_BYTES), true);
  return parseFooter(await file.read(from, Math.min(length, MAX_FOOTER)), length <= MAX_FOOTER);
}

/** @param complete the bytes are all of the footer, not only its beginning. */
function parseFooter(bytes: Uint8Array, complete: boolean): ParquetFooter {
  const cursor = new ThriftCursor(bytes);
  let rows = 0;
  let rowGroups = 0;
  let codec: string | undefined;
  let createdBy: string | undefined;
  let schemaEnd = 0;
  for (let before = 0; ;) {
    const at = cursor.at;
    const field = cursor.field(before);
    if (!field) break;
    before = field.id;
    if (field.id <= 3) {
      if (field.id === 3) rows = cursor.integer();
      else cursor.skip(field.type);
      schemaEnd = cursor.at;
    } else if (field.id === 4) {
      schemaEnd = at;
      const group = new ThriftCursor(bytes, cursor.at);
      rowGroups = group.list().size;
      if (rowGroups > 0) codec = firstCodec(group);
      if (!complete) break;
      cursor.skip(field.type);
    } else if (field.id === 6) createdBy = cursor.text();
    else cursor.skip(field.type);
  }
  return {
    elements: schemaOf(bytes.subarray(0, schemaEnd)),
    rows,
    rowGroups,
    ...(codec === undefined ? {} : { codec }),
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}

/** The codec of the first column: RowGroup 1 columns, ColumnChunk 3 meta_data, ColumnMetaData 4 codec. */
function firstCodec(cursor: ThriftCursor): string | undefined {
  for (const wanted of [1, 3, 4]) {
    let field = cursor.field(0);
    while (field && field.id !== wanted) {
      cursor.skip(field.type);
      field = cursor.field(field.id);
    }
    if (!field) return undefined;
    if (wanted === 1 && cursor.list().size === 0) return undefined;
  }
  return CODECS[cursor.integer()];
}

/** The schema by hyparquet, out of a footer that we have walked over and end before the row groups. */
function schemaOf(beginning: Uint8Array): readonly SchemaElement[] {
  // Field 4, a list of no structs, and the end of the struct.
  const end = [0x09, 0x08, 0x0c, 0x00];
  const footer = Buffer.alloc(beginning.length + end.length + TRAILER_BYTES);
  footer.set(beginning);
  footer.set(end, beginning.length);
  footer.writeUInt32LE(beginning.length + end.length, footer.length - TRAILER_BYTES);
  footer.write('PAR1', footer.length - 4, 'latin1');
  return parquetMetadata(footer, { geoparquet: false }).schema;
}
