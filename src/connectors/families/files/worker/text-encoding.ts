import { isAscii, isUtf8 } from 'node:buffer';
import type { Encoding, Sample } from '../analysis.js';

/**
 * What windows-1252 has at 0x80 to 0x9f, where latin-1 has control characters that no one writes; read so as browsers
 * do. By a table of ours, as TextDecoder of some versions of Node leaves the control characters.
 */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

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
export function detectEncoding({ pieces, size }: Sample, told?: Encoding): DetectedEncoding {
  const head = pieces[0]?.bytes ?? new Uint8Array();
  const mark = BOMS.find(([, bytes]) => bytes.every((byte, index) => head[index] === byte));
  if (mark && (told === undefined || told === mark[0]))
    return { encoding: mark[0], bomBytes: mark[1].length };
  if (told !== undefined) return { encoding: told, bomBytes: 0 };
  for (const { offset, bytes } of pieces) {
    const start = offset === 0 ? 0 : afterCutCharacter(bytes);
    const end = offset + bytes.length >= size ? bytes.length : beforeCutCharacter(bytes);
    const text = bytes.subarray(start, Math.max(start, end));
    if (!isAscii(text)) return { encoding: isUtf8(text) ? 'utf-8' : 'latin-1', bomBytes: 0 };
  }
  return { encoding: 'utf-8', bomBytes: 0 };
}

/** A piece begins and ends anywhere: the first offset that is not inside of a character. */
function afterCutCharacter(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start++;
  return start;
}

function beforeCutCharacter(bytes: Uint8Array): number {
  const { length } = bytes;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back] ?? 0;
    if (isContinuation(byte)) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? length - back : length;
  }
  return length;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Text of bytes; what is not in the encoding becomes U+FFFD. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding !== 'latin-1') return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    .toString('latin1')
    .replaceAll(/[\u0080-\u009f]/g, (char) => WINDOWS.charAt(char.charCodeAt(0) - 0x80));
}

/** The same text as UTF-8, in which delimiters, quotes and line ends are single bytes. */
export function toUtf8(bytes: Uint8Array, encoding: Encoding): Uint8Array {
  return encoding === 'utf-8' ? bytes : Buffer.from(decode(bytes, encoding), 'utf8');
}

/** A name as every store can keep it: PostgreSQL takes neither NUL nor half a surrogate pair. */
export function storableName(name: string, maxLength: number): string {
  return name.slice(0, maxLength).replaceAll(/\0|\p{Surrogate}/gu, '\u{fffd}');
}
