import { ParseFault } from '../parse-fault.js';

/** A field of a message; varints beyond 2^53 are not exact. */
export type ProtoField =
  | { readonly id: number; readonly kind: 'number'; readonly value: number }
  | { readonly id: number; readonly kind: 'bytes'; readonly bytes: Uint8Array };

/**
 * The fields of a Protocol Buffers message, one after the other, nothing made of what is in them.
 *
 * @param complete false for a message that is cut off: it ends quietly with the last whole field.
 */
export function* protoFields(bytes: Uint8Array, complete = true): Generator<ProtoField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = bytes[at++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw damaged();
  };
  while (at < bytes.length) {
    const key = varint();
    const id = Math.floor(key / 8);
    const wire = key % 8;
    const value = wire === 0 || wire === 2 ? varint() : wire === 1 ? 8 : 4;
    const length = wire === 0 ? 0 : value;
    if (Number.isNaN(key + value) || length > bytes.length - at) {
      if (complete) throw damaged();
      return;
    }
    if (wire === 0) yield { id, kind: 'number', value };
    else if (wire === 2) yield { id, kind: 'bytes', bytes: bytes.subarray(at, at + length) };
    else if (wire !== 1 && wire !== 5) throw damaged();
    at += length;
  }
}

/** Numbers that a repeated field packs together. */
export function packedNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * scale;
    if (byte >= 0x80) {
      scale *= 128;
      continue;
    }
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  return numbers;
}

const damaged = (): ParseFault => new ParseFault('The metadata of the file is damaged.');
