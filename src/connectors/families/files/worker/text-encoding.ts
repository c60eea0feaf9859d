import { isUtf8 } from 'node:buffer';
import type { Encoding, Piece } from '../analysis.js';

/** Web standards read the label latin-1 as windows-1252, which only adds printable characters; so do we. */
const LABELS = {
  'utf-8': 'utf-8',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
  'latin-1': 'windows-1252',
};

const BOMS: readonly (readonly [Encoding, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

export interface DetectedEncoding {
  readonly encoding: Encoding;
  /** Bytes of a byte order mark at the beginning of the file. */
  readonly bomBytes: number;
}

/**
 * How the text is encoded: as told, else by its byte order mark, else UTF-8, unless the first piece that is not plain
 * ASCII is not UTF-8: then latin-1.
 */
export function detectEncoding(pieces: readonly Piece[], told?: Encoding): DetectedEncoding {
  const head = pieces[0]?.bytes ?? new Uint8Array();
  const mark = BOMS.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  if (mark && (told === undefined || told === mark[0]))
    return { encoding: mark[0], bomBytes: mark[1].length };
  if (told !== undefined) return { encoding: told, bomBytes: 0 };
  for (const { bytes } of pieces) {
    if (bytes.every((byte) => byte < 0x80)) continue;
    return { encoding: isUtf8(withoutCutCharacters(bytes)) ? 'utf-8' : 'latin-1', bomBytes: 0 };
  }
  return { encoding: 'utf-8', bomBytes: 0 };
}

/** A piece begins and ends anywhere: leaves out what may be part of a character that is cut in two. */
function withoutCutCharacters(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start++;
  let end = bytes.length;
  for (let back = 1; back <= 3 && bytes.length - back >= start; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (needed > back) end = bytes.length - back;
    break;
  }
  return bytes.subarray(start, end);
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Text of bytes; what is not in the encoding becomes U+FFFD. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(LABELS[encoding], { ignoreBOM: true }).decode(bytes);
}

/** The same text as UTF-8, in which delimiters, quotes and line ends are single bytes. */
export function toUtf8(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  return encoding === 'utf-8' ? bytes : Buffer.from(decode(bytes, encoding), 'utf8');
}

/** A name as every store can keep it: PostgreSQL takes neither NUL nor half a surrogate pair. */
export function storableName(name: string, maxLength: number): string {
  return name.slice(0, maxLength).replaceAll(/\0|\p{Surrogate}/gu, '\u{fffd}');
}
