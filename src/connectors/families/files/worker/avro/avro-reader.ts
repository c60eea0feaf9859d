import { ParseFault } from '../parse-fault.js';

/** Reads the primitives of Avro's binary encoding within the bytes. Throws ParseFault beyond them. */
export class AvroReader {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  /** A zigzag number; beyond 2^53 it is not exact. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw cutOff();
      this.at++;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    throw new ParseFault('The file is damaged: a number is too long.');
  }

  take(length: number): Uint8Array {
    if (length < 0 || length > this.bytes.length - this.at) throw cutOff();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  binary(): Uint8Array {
    return this.take(this.long());
  }

  text(): string {
    return Buffer.from(this.binary()).toString('utf8');
  }

  /** Calls `each` for every element of the blocks of an array or a map. */
  blocks(each: () => void): void {
    for (;;) {
      let count = this.long();
      if (count === 0) return;
      // A negative count is followed by the bytes of the block.
      if (count < 0) {
        count = -count;
        this.long();
      }
      const before = this.at;
      for (let index = 0; index < count; index++) {
        each();
        // Elements without a byte could be counted without an end.
        if (this.at === before && index > 1_000) throw cutOff();
      }
    }
  }
}

export class CutOff extends ParseFault {}

const cutOff = (): CutOff => new CutOff('The file is cut off: more should follow.');
