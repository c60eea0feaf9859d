import { strange } from './codes.js';

/** Writes a body in the notation of the native protocol: numbers are big-endian. */
export class BodyWriter {
  private readonly parts: Buffer[] = [];

  byte(value: number): this {
    this.parts.push(Buffer.from([value]));
    return this;
  }

  short(value: number): this {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16BE(value);
    this.parts.push(bytes);
    return this;
  }

  int(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.parts.push(bytes);
    return this;
  }

  /** `[bytes]`, and `[long string]` too. */
  bytes(value: Buffer): this {
    this.int(value.length).parts.push(value);
    return this;
  }

  string(value: string): this {
    const bytes = Buffer.from(value);
    this.short(bytes.length).parts.push(bytes);
    return this;
  }

  done(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** Reads a body; whatever would reach beyond its end is a PROTOCOL fault. */
export class BodyReader {
  private at = 0;

  constructor(private readonly body: Buffer) {}

  get left(): number {
    return this.body.length - this.at;
  }

  short(): number {
    return this.take(2).readUInt16BE();
  }

  int(): number {
    return this.take(4).readInt32BE();
  }

  string(): string {
    return this.take(this.short()).toString();
  }

  /** `[bytes]`; undefined for null. */
  bytes(): Buffer | undefined {
    const length = this.int();
    return length < 0 ? undefined : this.take(length);
  }

  /** A number of things that follow, each of at least `least` bytes. */
  count(least: number): number {
    const count = this.int();
    if (count < 0 || count * least > this.left) throw strange();
    return count;
  }

  private take(length: number): Buffer {
    if (length > this.left) throw strange();
    this.at += length;
    return this.body.subarray(this.at - length, this.at);
  }
}
