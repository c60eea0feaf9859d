import { brotliDecompressSync, gunzipSync, inflateRawSync } from 'node:zlib';
import { ParseFault } from '../parse-fault.js';
import { lz4Block } from './lz4.js';
import { snappyBlock } from './snappy.js';
import { tooLarge } from './too-large.js';
import { zstdFrames } from './zstd.js';

export type BlockCodec = 'none' | 'deflate' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | 'brotli';

/** Gives at most `limit` bytes or throws; what it throws is of any kind. */
type Unpack = (packed: Uint8Array, limit: number) => Uint8Array;

const UNPACK: Readonly<Record<BlockCodec, Unpack>> = {
  none: (packed) => packed,
  deflate: (packed, limit) => inflateRawSync(packed, { maxOutputLength: limit }),
  gzip: (packed, limit) => gunzipSync(packed, { maxOutputLength: limit }),
  snappy: snappyBlock,
  lz4: lz4Block,
  zstd: zstdFrames,
  brotli: (packed, limit) => brotliDecompressSync(packed, { maxOutputLength: limit }),
};

/** What is in a packed block; never more than `limit` bytes. Throws ParseFault. */
export function unpackBlock(codec: BlockCodec, packed: Uint8Array, limit: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = UNPACK[codec](packed, limit);
  } catch (error) {
    if (error instanceof ParseFault) throw error;
    if ((error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new ParseFault('A packed block of the file is damaged.');
  }
  if (bytes.length > limit) throw tooLarge();
  return bytes;
}
