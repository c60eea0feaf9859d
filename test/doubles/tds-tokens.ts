/** What a result set holds: whole numbers of 32 bits, texts and truth. */
export type Cell = string | number | boolean | null;

const TOKEN = {
  colMetadata: 0x81,
  row: 0xd1,
  error: 0xaa,
  loginAck: 0xad,
  envChange: 0xe3,
  featureAck: 0xae,
  done: 0xfd,
  doneProc: 0xfe,
  doneInProc: 0xff,
  returnStatus: 0x79,
} as const;
const DONE = { final: 0x00, more: 0x01, error: 0x02, count: 0x10, attention: 0x20 } as const;
const ENV = { database: 1, packetSize: 4, collation: 7, routing: 20 } as const;
const TYPE = { intN: 0x26, bitN: 0x68, nvarchar: 0xe7 } as const;
const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);
const LONG_TEXT = 4_000;
const NULL_LENGTH = 0xffff;

const u8 = (value: number): Buffer => Buffer.from([value]);
const u16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
};
const u32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};
const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const shortText = (text: string): Buffer => Buffer.concat([u8(text.length), ucs2(text)]);
const longText = (text: string): Buffer => Buffer.concat([u16(text.length), ucs2(text)]);

function withLength(token: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u8(token), u16(body.length), body]);
}

/** ERROR: as SQL Server sends one, with a message that names things a product should not show. */
export function errorToken(number: number, message: string): Buffer {
  return withLength(
    TOKEN.error,
    u32(number),
    u8(1),
    u8(14),
    longText(message),
    shortText('double'),
    shortText(''),
    u32(1),
  );
}

/** LOGINACK of TDS 7.4 with what a login changes around it. */
export function loginTokens(database: string, federated: boolean): Buffer {
  return Buffer.concat([
    withLength(TOKEN.envChange, u8(ENV.database), shortText(database), shortText('master')),
    withLength(TOKEN.envChange, u8(ENV.collation), u8(COLLATION.length), COLLATION, u8(0)),
    withLength(
      TOKEN.loginAck,
      u8(1),
      Buffer.from([0x74, 0x00, 0x00, 0x04]),
      shortText('Microsoft SQL Server'),
      Buffer.from([16, 0, 0x10, 0x27]),
    ),
    packetSizeToken(4_096),
    ...(federated
      ? [Buffer.concat([u8(TOKEN.featureAck), u8(2), u32(0), u8(0x0a), u32(1), u8(1), u8(0xff)])]
      : []),
    doneToken(),
  ]);
}

export const packetSizeToken = (bytes: number): Buffer =>
  withLength(TOKEN.envChange, u8(ENV.packetSize), shortText(String(bytes)), shortText('4096'));

/** ENVCHANGE: go on to another server. */
export function routingToken(server: string, port: number): Buffer {
  const route = Buffer.concat([u8(0), u16(port), longText(server)]);
  return withLength(TOKEN.envChange, u8(ENV.routing), u16(route.length), route, u16(0));
}

export function doneToken(kind: 'final' | 'error' | 'attention' = 'final', rows = 0): Buffer {
  const status = DONE[kind] | (rows > 0 ? DONE.count : 0);
  return Buffer.concat([u8(TOKEN.done), u16(status), u16(0), u32(rows), u32(0)]);
}

/** The end of a procedure, as every statement with parameters is one. */
export function procedureEnd(rows: number): Buffer {
  return Buffer.concat([
    Buffer.concat([u8(TOKEN.doneInProc), u16(DONE.count | DONE.more), u16(0xc1), u32(rows), u32(0)]),
    Buffer.concat([u8(TOKEN.returnStatus), u32(0)]),
    Buffer.concat([u8(TOKEN.doneProc), u16(0), u16(0xe0), u32(0), u32(0)]),
  ]);
}

type Kind = 'text' | 'long' | 'number' | 'truth';

/** COLMETADATA and its ROWs. */
export function resultTokens(columns: number, rows: readonly (readonly Cell[])[]): Buffer {
  const kinds = Array.from({ length: columns }, (_, at) => kindOf(rows.map((row) => row[at] ?? null)));
  const head = kinds.map((kind, at) =>
    Buffer.concat([u32(0), u16(0x09), typeInfo(kind), shortText(`c${String(at)}`)]),
  );
  const body = rows.map((row) =>
    Buffer.concat([u8(TOKEN.row), ...kinds.map((kind, at) => cell(kind, row[at] ?? null))]),
  );
  return Buffer.concat([u8(TOKEN.colMetadata), u16(columns), ...head, ...body]);
}

function kindOf(values: readonly Cell[]): Kind {
  const found = values.filter((value) => value !== null);
  if (found.some((value) => typeof value === 'number')) return 'number';
  if (found.some((value) => typeof value === 'boolean')) return 'truth';
  return found.some((value) => String(value).length > LONG_TEXT) ? 'long' : 'text';
}

function typeInfo(kind: Kind): Buffer {
  if (kind === 'number') return Buffer.from([TYPE.intN, 4]);
  if (kind === 'truth') return Buffer.from([TYPE.bitN, 1]);
  return Buffer.concat([u8(TYPE.nvarchar), u16(kind === 'long' ? NULL_LENGTH : LONG_TEXT * 2), COLLATION]);
}

function cell(kind: Kind, value: Cell): Buffer {
  if (kind === 'number') {
    if (value === null) return u8(0);
    const buffer = Buffer.alloc(5, 4);
    buffer.writeInt32LE(Number(value), 1);
    return buffer;
  }
  if (kind === 'truth') return value === null ? u8(0) : Buffer.from([1, value === true ? 1 : 0]);
  if (kind === 'long') return value === null ? Buffer.alloc(8, 0xff) : inParts(ucs2(String(value)));
  if (value === null) return u16(NULL_LENGTH);
  const bytes = ucs2(String(value));
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** A text without a limit: its length, its parts, and an end. */
function inParts(bytes: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, u32(bytes.length), bytes, u32(0)]);
}
