import { Decompress } from 'fzstd';
import { ParseFault } from '../parse-fault.js';
import { tooLarge } from './too-large.js';

const MAGIC = 0xfd2fb528;

/** Frames of Zstandard. */
export function zstdFrames(packed: Uint8Array, limit: number): Uint8Array {
  assertWindow(packed, limit);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const stream = new Decompress((chunk) => {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  });
  stream.push(packed, true);
  return Buffer.concat(chunks, length);
}

/** The library sets aside what the header asks for, up to 2 GB: a header that asks for more than is wanted is refused. */
function assertWindow(packed: Uint8Array, limit: number): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  if (packed.length < 6 || view.getUint32(0, true) !== MAGIC)
    throw new ParseFault('A packed block of the file is damaged.');
  const flags = packed[4] ?? 0;
  const single = (flags & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][flags >> 6] ?? 0;
  if (!single) {
    const descriptor = packed[5] ?? 0;
    const base = 2 ** (10 + (descriptor >> 3));
    // Writers take the window of their level though the content is short.
    if (base + (base / 8) * (descriptor & 7) > Math.max(limit, 8 * 2 ** 20)) throw tooLarge();
  }
  const at = 5 + (single ? 0 : 1) + dictionaryBytes;
  if (at + sizeBytes > packed.length) throw new ParseFault('A packed block of the file is damaged.');
  if (sizeBytes === 8 && view.getBigUint64(at, true) > BigInt(limit)) throw tooLarge();
  if (sizeBytes === 4 && view.getUint32(at, true) > limit) throw tooLarge();
}
