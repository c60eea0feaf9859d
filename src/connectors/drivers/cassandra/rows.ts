import { strange } from './codes.js';
import { BodyReader } from './body.js';

/** A value of the catalog. Of types that the catalog has no use for, the bytes. */
export type Value =
  string | number | bigint | boolean | Buffer | undefined | readonly Value[] | ReadonlyMap<string, Value>;

/** By the name of the column; a server that does not know a column leaves it out. */
export type Row = ReadonlyMap<string, Value>;

export interface RowsPage {
  readonly rows: readonly Row[];
  /** Asks for the next page; absent on the last one. */
  readonly next?: Buffer;
}

const ROWS = 2;
const GLOBAL_SPEC = 0x01;
const MORE = 0x02;
const NO_METADATA = 0x04;
/** Deeper than any type of the catalog. */
const MAX_DEPTH = 8;
const MAX_COLUMNS = 200;

type Decode = (bytes: Buffer) => Value;

/** Simple types by their number in the protocol. */
const SIMPLE: Readonly<Record<number, Decode>> = {
  0x01: (bytes) => bytes.toString(),
  0x02: (bytes) => sized(bytes, 8).readBigInt64BE(),
  0x04: (bytes) => sized(bytes, 1)[0] !== 0,
  0x07: (bytes) => sized(bytes, 8).readDoubleBE(),
  0x09: (bytes) => sized(bytes, 4).readInt32BE(),
  0x0c: (bytes) => sized(bytes, 16).toString('hex'),
  0x0d: (bytes) => bytes.toString(),
};

/**
 * The body of a RESULT; an answer without rows has none.
 *
 * @param limit rows that may come at most: rows of nulls would take far more memory than bytes.
 */
export function readRows(body: BodyReader, limit: number): RowsPage {
  if (body.int() !== ROWS) return { rows: [] };
  const flags = body.int();
  // A name and a type take four bytes at least.
  const width = body.count(4);
  const next = (flags & MORE) === 0 ? undefined : body.bytes();
  // Metadata is only left out where it was asked for, and a row of no columns would take no bytes.
  if ((flags & NO_METADATA) !== 0 || width === 0 || width > MAX_COLUMNS) throw strange();
  if ((flags & GLOBAL_SPEC) !== 0) skipStrings(body, 2);
  const columns = Array.from({ length: width }, () => {
    if ((flags & GLOBAL_SPEC) === 0) skipStrings(body, 2);
    return [body.string(), decoderOf(body)] as const;
  });
  const count = body.count(4 * width);
  if (count > limit) throw strange();
  const rows = Array.from({ length: count }, () => {
    const row = new Map<string, Value>();
    for (const [name, decode] of columns) {
      const bytes = body.bytes();
      if (bytes) row.set(name, decode(bytes));
    }
    return row;
  });
  return { rows, ...(next ? { next } : {}) };
}

export function skipStrings(body: BodyReader, count: number): void {
  for (let at = 0; at < count; at += 1) body.string();
}

function decoderOf(body: BodyReader, depth = 0): Decode {
  if (depth > MAX_DEPTH) throw strange();
  const inner = (): Decode => decoderOf(body, depth + 1);
  const kind = body.short();
  switch (kind) {
    case 0x00:
      body.string();
      break;
    case 0x20:
    case 0x22: {
      const item = inner();
      return (bytes) => listOf(bytes, item);
    }
    case 0x21: {
      const [key, value] = [inner(), inner()];
      return (bytes) => mapOf(bytes, key, value);
    }
    case 0x30:
      skipStrings(body, 2);
      for (let fields = body.short(); fields > 0; fields -= 1) {
        body.string();
        inner();
      }
      break;
    case 0x31:
      for (let fields = body.short(); fields > 0; fields -= 1) inner();
  }
  return SIMPLE[kind] ?? ((bytes) => bytes);
}

function sized(bytes: Buffer, size: number): Buffer {
  if (bytes.length !== size) throw strange();
  return bytes;
}

const present = (bytes: Buffer | undefined, decode: Decode): Value => bytes && decode(bytes);

function listOf(bytes: Buffer, item: Decode): Value {
  const body = new BodyReader(bytes);
  return Array.from({ length: body.count(4) }, () => present(body.bytes(), item));
}

function mapOf(bytes: Buffer, key: Decode, value: Decode): Value {
  const body = new BodyReader(bytes);
  const map = new Map<string, Value>();
  for (let entries = body.count(8); entries > 0; entries -= 1) {
    const name = present(body.bytes(), key);
    const held = present(body.bytes(), value);
    // The maps of the catalog have texts for keys.
    if (typeof name === 'string') map.set(name, held);
  }
  return map;
}

/** The text of a column; empty where the row has none. */
export function textIn(row: Row, column: string): string {
  const value = row.get(column);
  return typeof value === 'string' ? value : '';
}

/** The texts of a list or a set. */
export function textsIn(row: Row, column: string): readonly string[] {
  const value = row.get(column);
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** The text at a key of a map; undefined where there is none. */
export function textAt(row: Row, column: string, key: string): string | undefined {
  const map = row.get(column);
  const value = map instanceof Map ? (map as ReadonlyMap<string, Value>).get(key) : undefined;
  return typeof value === 'string' ? value : undefined;
}
