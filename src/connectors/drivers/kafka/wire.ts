import { AppError } from '../../../common/app-error.js';

/** Writes the primitive types of the Kafka protocol. */
export class KafkaWriter {
  private readonly parts: Buffer[] = [];

  int8(value: number): this {
    const part = Buffer.alloc(1);
    part.writeInt8(value);
    return this.raw(part);
  }

  int16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeInt16BE(value);
    return this.raw(part);
  }

  int32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.raw(part);
  }

  int64(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    return this.raw(part);
  }

  string(value: string): this {
    const text = Buffer.from(value);
    return this.int16(text.length).raw(text);
  }

  bytes(value: Buffer): this {
    return this.int32(value.length).raw(value);
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }

  private raw(part: Buffer): this {
    this.parts.push(part);
    return this;
  }
}

/** Reads the primitive types of the Kafka protocol; every length is checked against what is there. */
export class KafkaReader {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  int8(): number {
    return this.bytes.readInt8(this.next(1));
  }

  int16(): number {
    return this.bytes.readInt16BE(this.next(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.next(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.next(8));
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  /** A text; null becomes the empty one. */
  string(): string {
    const length = this.int16();
    return length < 0 ? '' : this.slice(length).toString('utf8');
  }

  buffer(): Buffer {
    const length = this.int32();
    return length < 0 ? Buffer.alloc(0) : this.slice(length);
  }

  /** The items of an array; null becomes the empty one. */
  array<T>(read: () => T): T[] {
    const length = this.int32();
    // An item has at least one byte: a count that cannot be true must not reserve memory.
    if (length > this.bytes.length - this.at) throw strange();
    const items: T[] = [];
    for (let index = 0; index < length; index += 1) items.push(read());
    return items;
  }

  private slice(length: number): Buffer {
    const from = this.next(length);
    return this.bytes.subarray(from, from + length);
  }

  private next(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) throw strange();
    this.at += length;
    return from;
  }
}

export function strange(): AppError {
  return new AppError('PROTOCOL', 'The source does not speak the expected protocol.');
}
