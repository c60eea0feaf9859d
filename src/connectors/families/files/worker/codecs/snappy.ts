import { ParseFault } from '../parse-fault.js';
import { tooLarge } from './too-large.js';

/**
 * A snappy block: its length, then runs of plain bytes and copies of what was written before. By ours, as the one in
 * hyparquet takes a length beyond 2^31 for a way back and never ends.
 */
export function snappyBlock(packed: Uint8Array, limit: number): Uint8Array {
  let at = 0;
  const number = (bytes: number): number => {
    let value = 0;
    for (let index = 0; index < bytes; index++) value += (packed[at + index] ?? 0) * 2 ** (8 * index);
    at += bytes;
    if (at > packed.length) throw damaged();
    return value;
  };
  let length = 0;
  for (let scale = 1, more = true; more; scale *= 128) {
    const byte = number(1);
    if (scale > 2 ** 28) throw damaged();
    length += (byte & 0x7f) * scale;
    more = byte >= 0x80;
  }
  if (length > limit) throw tooLarge();
  const out = new Uint8Array(length);
  let end = 0;
  while (at < packed.length) {
    const tag = number(1);
    const upper = tag >> 2;
    if ((tag & 3) === 0) {
      const plain = 1 + (upper < 60 ? upper : number(upper - 59));
      if (plain > packed.length - at || plain > length - end) throw damaged();
      out.set(packed.subarray(at, at + plain), end);
      at += plain;
      end += plain;
      continue;
    }
    const near = (tag & 3) === 1;
    const count = near ? 4 + (upper & 7) : 1 + upper;
    const distance = near ? (tag >> 5) * 256 + number(1) : number((tag & 3) === 2 ? 2 : 4);
    if (distance === 0 || distance > end || count > length - end) throw damaged();
    // Byte by byte, as a copy may run into what it writes.
    for (let index = 0; index < count; index++, end++) out[end] = out[end - distance] ?? 0;
  }
  if (end !== length) throw damaged();
  return out;
}

const damaged = (): ParseFault => new ParseFault('A packed block of the file is damaged.');
