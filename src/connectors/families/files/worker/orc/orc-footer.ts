import { CAPS } from '../../analysis.js';
import { unpackBlock, type BlockCodec } from '../codecs/unpack-block.js';
import { ParseFault } from '../parse-fault.js';
import type { RangedFile } from '../ranges.js';
import { packedNumbers, protoFields } from './protobuf.js';

const TAIL_BYTES = 16_384;
/** A footer is not unpacked further: what stands behind the types are statistics of columns. */
const MAX_UNPACKED = 4 * CAPS.rangeBytes;
const CODECS: readonly (BlockCodec | 'lzo')[] = ['none', 'deflate', 'snappy', 'lzo', 'lz4', 'zstd', 'brotli'];

export interface OrcType {
  readonly kind: number;
  readonly children: readonly number[];
  readonly names: readonly string[];
  readonly maxLength?: number;
  readonly precision?: number;
  readonly scale?: number;
}

export interface OrcFooter {
  readonly types: readonly OrcType[];
  /** Absent where the footer is too long to be read to there. */
  readonly rows?: number;
  readonly stripes: number;
  readonly codec: string;
  readonly version?: string;
}

/** Types and counts of an ORC file, out of its postscript and its footer: one or two reads. */
export async function readOrcFooter(file: RangedFile): Promise<OrcFooter> {
  const tail = await file.tail(TAIL_BYTES);
  const postscriptBytes = tail.at(-1) ?? 0;
  const postscriptAt = tail.length - 1 - postscriptBytes;
  if (postscriptAt < 0) throw notOrc();
  const postscript = readPostscript(tail.subarray(postscriptAt, tail.length - 1));
  const { footerLength } = postscript;
  const from = file.size - 1 - postscriptBytes - footerLength;
  if (from < 0) throw new ParseFault('The length of the footer is wrong: the file is damaged.');
  const most = CAPS.rangeBytes - TAIL_BYTES;
  const packed =
    footerLength <= postscriptAt
      ? tail.subarray(postscriptAt - footerLength, postscriptAt)
      : await file.read(from, Math.min(footerLength, most));
  const whole = packed.length === footerLength;
  const { bytes, complete } = unpackChunks(packed, postscript, whole);
  return { ...readMessage(bytes, complete), codec: postscript.codec, ...versionOf(postscript) };
}

interface Postscript {
  readonly footerLength: number;
  readonly codec: BlockCodec;
  readonly blockBytes: number;
  readonly version: readonly number[];
}

function readPostscript(bytes: Uint8Array): Postscript {
  let footerLength = 0;
  let codec: BlockCodec | 'lzo' | undefined = 'none';
  let blockBytes = 262_144;
  let magic = '';
  const version: number[] = [];
  for (const field of protoFields(bytes)) {
    if (field.kind === 'bytes') {
      if (field.id === 4) version.push(...packedNumbers(field.bytes));
      else if (field.id === 8_000) magic = Buffer.from(field.bytes).toString('latin1');
    } else if (field.id === 1) footerLength = field.value;
    else if (field.id === 2) codec = CODECS[field.value];
    else if (field.id === 3) blockBytes = field.value;
    else if (field.id === 4) version.push(field.value);
  }
  if (magic !== 'ORC') throw notOrc();
  if (codec === undefined || codec === 'lzo')
    throw new ParseFault('The footer of the file is packed by a codec that is not supported.');
  return { footerLength, codec, blockBytes, version };
}

const versionOf = ({ version }: Postscript) =>
  version.length === 2 ? { version: `${String(version[0])}.${String(version[1])}` } : {};

/** Chunks with a header of 3 bytes: length, and whether the chunk is as it was. */
function unpackChunks(
  packed: Uint8Array,
  { codec, blockBytes }: Postscript,
  whole: boolean,
): { bytes: Uint8Array; complete: boolean } {
  if (codec === 'none') return { bytes: packed, complete: whole };
  const limit = Math.min(blockBytes, MAX_UNPACKED);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < packed.length;) {
    const head = (packed[at] ?? 0) + ((packed[at + 1] ?? 0) << 8) + ((packed[at + 2] ?? 0) << 16);
    const end = at + 3 + (head >> 1);
    if (end > packed.length) {
      if (whole) throw new ParseFault('The footer of the file is damaged.');
      return { bytes: Buffer.concat(chunks), complete: false };
    }
    const chunk = packed.subarray(at + 3, end);
    chunks.push((head & 1) === 1 ? chunk : unpackBlock(codec, chunk, limit));
    length += chunks.at(-1)?.length ?? 0;
    at = end;
    if (length > MAX_UNPACKED) return { bytes: Buffer.concat(chunks), complete: false };
  }
  return { bytes: Buffer.concat(chunks), complete: whole };
}

function readMessage(bytes: Uint8Array, complete: boolean): Pick<OrcFooter, 'types' | 'rows' | 'stripes'> {
  const types: OrcType[] = [];
  let stripes = 0;
  let rows: number | undefined;
  for (const field of protoFields(bytes, complete)) {
    if (field.kind === 'bytes') {
      if (field.id === 3) stripes++;
      else if (field.id === 4) types.push(readType(field.bytes));
      // All that is wanted stands before the statistics.
      else if (field.id === 7) break;
    } else if (field.id === 6) rows = field.value;
  }
  if (types.length === 0) throw new ParseFault('The footer of the file holds no types.');
  return { types, stripes, ...(rows === undefined ? {} : { rows }) };
}

function readType(bytes: Uint8Array): OrcType {
  let kind = 0;
  const children: number[] = [];
  const names: string[] = [];
  const numbers: { maxLength?: number; precision?: number; scale?: number } = {};
  for (const field of protoFields(bytes)) {
    if (field.kind === 'bytes') {
      if (field.id === 2) for (const child of packedNumbers(field.bytes)) children.push(child);
      else if (field.id === 3) names.push(Buffer.from(field.bytes).toString('utf8'));
    } else if (field.id === 1) kind = field.value;
    else if (field.id === 2) children.push(field.value);
    else if (field.id === 4) numbers.maxLength = field.value;
    else if (field.id === 5) numbers.precision = field.value;
    else if (field.id === 6) numbers.scale = field.value;
  }
  return { kind, children, names, ...numbers };
}

const notOrc = (): ParseFault =>
  new ParseFault('The file is no ORC file, or it is cut off: its end is missing.');
