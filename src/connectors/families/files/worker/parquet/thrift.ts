import { ParseFault } from '../parse-fault.js';

const STOP = 0;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I64 = 6;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

const MAX_DEPTH = 32;

/** A field of a struct: its number and its type in the compact protocol. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
}

/**
 * Walks over Thrift's compact protocol, within the bytes and to a depth, without making anything of what it passes.
 * Throws ParseFault where the bytes are no such thing or end too early.
 */
export class ThriftCursor {
  constructor(
    private readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  /** The header of the next field, or nothing at the end of the struct. */
  field(before: number): ThriftField | undefined {
    const head = this.byte();
    const type = head & 0x0f;
    if (type === STOP) return undefined;
    const delta = head >> 4;
    return { id: delta === 0 ? this.integer() : before + delta, type };
  }

  /** The number of elements and their type. */
  list(): { readonly size: number; readonly type: number } {
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    // Every element takes a byte at least: a larger number is damage, and would cost time.
    if (size > this.bytes.length - this.at) throw cutOff();
    return { size, type: head & 0x0f };
  }

  /** A zigzag number; beyond 2^53 it is not exact. */
  integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    return new TextDecoder().decode(this.binary());
  }

  skip(type: number, depth = 0): void {
    if (depth > MAX_DEPTH) throw new ParseFault('The metadata of the file nests too deep.');
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.move(1);
    else if (type > BYTE && type <= I64) this.varint();
    else if (type === DOUBLE) this.move(8);
    else if (type === BINARY) this.binary();
    else if (type === LIST || type === SET) {
      const { size, type: element } = this.list();
      // A boolean in a list takes a byte.
      const each = element === TRUE || element === FALSE ? BYTE : element;
      for (let index = 0; index < size; index++) this.skip(each, depth + 1);
    } else if (type === STRUCT) {
      for (let field = this.field(0); field; field = this.field(field.id)) this.skip(field.type, depth + 1);
    } else throw new ParseFault('The metadata of the file is damaged.');
  }

  private binary(): Uint8Array {
    const length = this.varint();
    const from = this.at;
    this.move(length);
    return this.bytes.subarray(from, this.at);
  }

  private varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ParseFault('The metadata of the file is damaged.');
  }

  private byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw cutOff();
    this.at++;
    return byte;
  }

  private move(length: number): void {
    if (length > this.bytes.length - this.at) throw cutOff();
    this.at += length;
  }
}

const cutOff = (): ParseFault => new ParseFault('The metadata of the file is cut off.');
