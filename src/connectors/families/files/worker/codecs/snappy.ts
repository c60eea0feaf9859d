import { snappyUncompress } from 'hyparquet';
import { tooLarge } from './too-large.js';

/** A snappy block, whose length stands before it. */
export function snappyBlock(packed: Uint8Array, limit: number): Uint8Array {
  let length = 0;
  for (let at = 0; at < 5; at++) {
    const byte = packed[at] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) break;
  }
  if (length > limit) throw tooLarge();
  const bytes = new Uint8Array(length);
  snappyUncompress(packed, bytes);
  return bytes;
}
