import { CAPS } from '../../analysis.js';
import { parsedJson } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import type { RangedFile } from '../ranges.js';
import { AvroReader, CutOff } from './avro-reader.js';

const FIRST_BYTES = 65_536;
const MAGIC = [0x4f, 0x62, 0x6a, 0x01];
const SYNC_BYTES = 16;

export interface AvroHeader {
  readonly schema: unknown;
  readonly codec: string;
  /** Where the first block begins. */
  readonly end: number;
  /** The first block: its records and its packed bytes; absent where there is none. */
  readonly first?: { readonly records: number; readonly length: number; readonly at: number };
}

/** The header of an Avro container file: one read, or two where the schema is long. */
export async function readAvroHeader(file: RangedFile): Promise<AvroHeader> {
  const head = await file.read(0, Math.min(FIRST_BYTES, file.size));
  try {
    return parseAvroHeader(head);
  } catch (error) {
    if (!(error instanceof CutOff) || head.length === file.size) throw error;
    const rest = await file.read(head.length, Math.min(file.size, CAPS.rangeBytes) - head.length);
    return parseAvroHeader(Buffer.concat([head, rest]));
  }
}

export function parseAvroHeader(bytes: Uint8Array): AvroHeader {
  if (MAGIC.some((byte, index) => bytes[index] !== byte))
    throw new ParseFault('The file is no Avro file: its beginning is another one.');
  const reader = new AvroReader(bytes, MAGIC.length);
  let text: string | undefined;
  let codec = 'null';
  reader.blocks(() => {
    const key = reader.text();
    if (key === 'avro.schema') text = reader.text();
    else if (key === 'avro.codec') codec = reader.text();
    else reader.binary();
  });
  if (text === undefined) throw new ParseFault('The file holds no schema.');
  reader.take(SYNC_BYTES);
  const end = reader.at;
  const schema = parsedJson(text);
  if (schema === undefined) throw new ParseFault('The schema in the file is not JSON.');
  return { schema, codec, end, ...firstBlock(reader) };
}

function firstBlock(reader: AvroReader): Pick<AvroHeader, 'first'> {
  if (reader.at >= reader.bytes.length) return {};
  const records = reader.long();
  const length = reader.long();
  return records > 0 && length >= 0 ? { first: { records, length, at: reader.at } } : {};
}
