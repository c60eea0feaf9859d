import { ParseFault } from '../parse-fault.js';
import { tooLarge } from './too-large.js';

/** An LZ4 block without a frame: runs of plain bytes, each followed by a copy of what was written before. */
export function lz4Block(packed: Uint8Array, limit: number): Uint8Array {
  // No block of LZ4 grows more than this.
  const out = new Uint8Array(Math.min(limit, packed.length * 255));
  let at = 0;
  let end = 0;
  const byte = (): number => {
    const value = packed[at++];
    if (value === undefined) throw new ParseFault('A packed block of the file is damaged.');
    return value;
  };
  const extended = (length: number): number => {
    if (length < 15) return length;
    let whole = length;
    for (let more = 255; more === 255;) whole += more = byte();
    return whole;
  };
  while (at < packed.length) {
    const token = byte();
    const plain = extended(token >> 4);
    if (plain > out.length - end) throw tooLarge();
    if (plain > packed.length - at) throw new ParseFault('A packed block of the file is damaged.');
    out.set(packed.subarray(at, at + plain), end);
    at += plain;
    end += plain;
    if (at >= packed.length) break;
    const distance = byte() + 256 * byte();
    const length = extended(token & 15) + 4;
    if (distance === 0 || distance > end) throw new ParseFault('A packed block of the file is damaged.');
    if (length > out.length - end) throw tooLarge();
    // Byte by byte, as a copy may run into what it writes.
    for (let index = 0; index < length; index++, end++) out[end] = out[end - distance] ?? 0;
  }
  return out.subarray(0, end);
}
