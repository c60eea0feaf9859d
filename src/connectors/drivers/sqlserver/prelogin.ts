import type { Duplex } from 'node:stream';
import { AppError } from '../../../common/app-error.js';
import { toConnectorError } from '../../spi/index.js';

/** What both sides want of encryption, as it stands in PRELOGIN. */
export const ENCRYPT = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

export const PRELOGIN_PACKET = 0x12;
const HEADER_BYTES = 8;
const PACKET_BYTES = 4_096;
const LAST = 1;
/** A real one has less than 100 bytes. */
const ANSWER_BYTES = 4_096;

const OPTION = {
  version: 0,
  encryption: 1,
  instance: 2,
  thread: 3,
  mars: 4,
  federated: 6,
  end: 0xff,
} as const;

export interface PreloginAnswer {
  readonly encryption: number;
  /** Whether the server wants the answer of it echoed in the login by a token. */
  readonly federated: boolean;
}

/** Bytes as packets of one message. */
export function packets(type: number, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let from = 0; from === 0 || from < body.length; from += PACKET_BYTES - HEADER_BYTES) {
    const part = body.subarray(from, from + PACKET_BYTES - HEADER_BYTES);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = type;
    header[1] = from + part.length === body.length ? LAST : 0;
    header.writeUInt16BE(HEADER_BYTES + part.length, 2);
    header[6] = 1 + parts.length / 2;
    parts.push(header, part);
  }
  return Buffer.concat(parts);
}

/** Takes the whole packets off the front of what came in. */
export function unpacked(data: Buffer): { bodies: Buffer[]; rest: Buffer; last: boolean } {
  const bodies: Buffer[] = [];
  let at = 0;
  let last = false;
  while (data.length - at >= HEADER_BYTES) {
    const length = data.readUInt16BE(at + 2);
    if (length < HEADER_BYTES) throw notTds();
    if (data.length - at < length) break;
    bodies.push(data.subarray(at + HEADER_BYTES, at + length));
    last = ((data[at + 1] ?? 0) & LAST) === LAST;
    at += length;
  }
  return { bodies, rest: data.subarray(at), last };
}

/**
 * The first exchange of the protocol: says what we want of encryption and hears what the server wants. Nothing secret is
 * in it.
 *
 * @param federated a token will be the login.
 */
export async function prelogin(
  line: Duplex,
  wanted: { readonly encryption: number; readonly federated: boolean },
  signal: AbortSignal,
): Promise<PreloginAnswer> {
  const answer = answered(line, signal);
  line.write(packets(PRELOGIN_PACKET, request(wanted)));
  return parse(await answer);
}

function request({ encryption, federated }: { encryption: number; federated: boolean }): Buffer {
  const options: [token: number, value: Buffer][] = [
    [OPTION.version, Buffer.from([19, 0, 0, 0, 0, 0])],
    [OPTION.encryption, Buffer.from([encryption])],
    [OPTION.instance, Buffer.from([0])],
    [OPTION.thread, Buffer.alloc(4)],
    [OPTION.mars, Buffer.from([0])],
    ...(federated ? [[OPTION.federated, Buffer.from([1])] as [number, Buffer]] : []),
  ];
  const table = Buffer.alloc(options.length * 5 + 1, OPTION.end);
  let offset = table.length;
  options.forEach(([token, value], at) => {
    table[at * 5] = token;
    table.writeUInt16BE(offset, at * 5 + 1);
    table.writeUInt16BE(value.length, at * 5 + 3);
    offset += value.length;
  });
  return Buffer.concat([table, ...options.map(([, value]) => value)]);
}

/** @throws AppError PROTOCOL where this is no PRELOGIN. */
function parse(body: Buffer): PreloginAnswer {
  const found = new Map<number, number>();
  for (let at = 0; ; at += 5) {
    const token = body[at];
    if (token === OPTION.end) break;
    if (token === undefined || at + 5 > body.length) throw notTds();
    const value = body[body.readUInt16BE(at + 1)];
    if (value !== undefined && body.readUInt16BE(at + 3) > 0) found.set(token, value);
  }
  const encryption = found.get(OPTION.encryption);
  if (encryption === undefined) throw notTds();
  return { encryption, federated: found.get(OPTION.federated) === 1 };
}

function answered(line: Duplex, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let data = Buffer.alloc(0);
    const settle = (): void => {
      line.off('data', onData).off('error', onError).off('close', onClose).off('end', onClose).pause();
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (reason: Error): void => {
      settle();
      reject(reason);
    };
    const onData = (chunk: Buffer): void => {
      data = Buffer.concat([data, chunk]);
      try {
        const { bodies, rest, last } = unpacked(data);
        if (last) {
          // Whoever speaks without being asked is no server of this kind.
          if (rest.length > 0) throw notTds();
          settle();
          resolve(Buffer.concat(bodies));
        } else if (data.length > ANSWER_BYTES) throw notTds();
      } catch (error) {
        fail(error as Error);
      }
    };
    const onError = (error: Error): void => fail(toConnectorError(error, {}, 'UNREACHABLE'));
    const onClose = (): void => fail(new AppError('UNREACHABLE', 'The server closed the connection.'));
    const onAbort = (): void => fail(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    line.on('data', onData).on('error', onError).on('close', onClose).on('end', onClose);
  });
}

function notTds(): AppError {
  return new AppError('PROTOCOL', 'The server does not speak TDS.');
}
