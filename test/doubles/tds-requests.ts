/** What a LOGIN7 message says. */
export interface LoginRequest {
  readonly username: string;
  readonly password: string;
  readonly database: string;
  readonly client: string;
  /** The token of a login by FEDAUTH. */
  readonly token: string | undefined;
}

export interface SqlRequest {
  readonly sql: string;
  readonly values: Readonly<Record<string, string | number | null>>;
  /** Whether it came as sp_executesql. */
  readonly procedure: boolean;
}

const FEATURE = { federated: 2, end: 0xff } as const;
const EXTENSION = 0x10;

export function parseLogin(body: Buffer): LoginRequest {
  const bytesAt = (at: number): Buffer => {
    const from = body.readUInt16LE(at);
    return body.subarray(from, from + body.readUInt16LE(at + 2) * 2);
  };
  const textAt = (at: number): string => bytesAt(at).toString('utf16le');
  return {
    client: textAt(36),
    username: textAt(40),
    password: Buffer.from(bytesAt(44).map(plainByte)).toString('utf16le'),
    database: textAt(68),
    token: ((body[27] ?? 0) & EXTENSION) === 0 ? undefined : tokenOf(body),
  };
}

/** Passwords have their half bytes changed round and are XORed: that hides nothing. */
function plainByte(byte: number): number {
  const mixed = byte ^ 0xa5;
  return ((mixed << 4) | (mixed >> 4)) & 0xff;
}

function tokenOf(body: Buffer): string | undefined {
  let at = body.readUInt32LE(body.readUInt16LE(56));
  while (at < body.length && body[at] !== FEATURE.end) {
    const length = body.readUInt32LE(at + 1);
    if (body[at] === FEATURE.federated) {
      const size = body.readUInt32LE(at + 6);
      return body.subarray(at + 10, at + 10 + size).toString('utf16le');
    }
    at += 5 + length;
  }
  return undefined;
}

export function parseBatch(body: Buffer): SqlRequest {
  return { sql: body.subarray(body.readUInt32LE(0)).toString('utf16le'), values: {}, procedure: false };
}

const SP_EXECUTE_SQL = 10;
const TYPE = { intN: 0x26, nvarchar: 0xe7 } as const;
const NULL_LENGTH = 0xffff;

/** Parses a call of sp_executesql: the statement, the declaration of its parameters, and these. */
export function parseProcedure(body: Buffer): SqlRequest {
  let at = body.readUInt32LE(0);
  if (body.readUInt16LE(at) !== 0xffff || body.readUInt16LE(at + 2) !== SP_EXECUTE_SQL)
    throw new Error('Not a call of sp_executesql.');
  at += 6;
  const values: [name: string, value: string | number | null][] = [];
  while (at < body.length) {
    const nameEnd = at + 1 + (body[at] ?? 0) * 2;
    const name = body.subarray(at + 1, nameEnd).toString('utf16le');
    // One byte of flags.
    const { value, end } = parseValue(body, nameEnd + 1);
    values.push([name, value]);
    at = end;
  }
  const [statement, , ...parameters] = values;
  return {
    sql: String(statement?.[1]),
    values: Object.fromEntries(parameters.map(([name, value]) => [name.replace('@', ''), value])),
    procedure: true,
  };
}

function parseValue(body: Buffer, at: number): { value: string | number | null; end: number } {
  if (body[at] === TYPE.intN) {
    const length = body[at + 2] ?? 0;
    return { value: length === 0 ? null : body.readInt32LE(at + 3), end: at + 3 + length };
  }
  if (body[at] !== TYPE.nvarchar) throw new Error(`A parameter of type ${String(body[at])}.`);
  const most = body.readUInt16LE(at + 1);
  at += 8;
  if (most === NULL_LENGTH) return parseLong(body, at);
  const length = body.readUInt16LE(at);
  if (length === NULL_LENGTH) return { value: null, end: at + 2 };
  return { value: body.subarray(at + 2, at + 2 + length).toString('utf16le'), end: at + 2 + length };
}

function parseLong(body: Buffer, at: number): { value: string; end: number } {
  const parts: Buffer[] = [];
  at += 8;
  for (let length = body.readUInt32LE(at); length > 0; length = body.readUInt32LE(at)) {
    parts.push(body.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { value: Buffer.concat(parts).toString('utf16le'), end: at + 4 };
}
