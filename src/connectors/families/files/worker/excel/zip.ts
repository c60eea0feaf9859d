import { CAPS } from '../../analysis.js';
import { beginningOf } from '../codecs/beginning.js';
import { ParseFault } from '../parse-fault.js';
import type { RangedFile } from '../ranges.js';

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const ENTRY = 0x02014b50;
const ENTRY_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** The local header may have more behind the name than the directory says. */
const LOCAL_EXTRA = 512;
/** A workbook has a part for each sheet, picture and chart. */
const MAX_ENTRIES = 20_000;
const MAX_DIRECTORY = 2 * CAPS.rangeBytes;
/** Of all parts together; what is smaller may swell as it likes. */
const HARMLESS_BYTES = 16 * CAPS.rangeBytes;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

export interface ZipPart {
  readonly bytes: Uint8Array;
  /** False where only the beginning was read. */
  readonly complete: boolean;
}

/**
 * A zip archive by its directory; parts are read by ranges and unpacked up to a limit. Refuses what no program writes
 * that makes workbooks: entries that overlap, that lead out of the archive, that are encrypted or a bomb.
 */
export class ZipFile {
  private constructor(
    private readonly file: RangedFile,
    private readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  static async open(file: RangedFile): Promise<ZipFile> {
    const entries = await readDirectory(file);
    assertHarmless(entries);
    return new ZipFile(file, new Map(entries.map((entry) => [entry.name.toLowerCase(), entry])));
  }

  /** Names of parts count without their case. */
  find(name: string): ZipEntry | undefined {
    return this.entries.get(name.toLowerCase());
  }

  /**
   * The beginning of a part.
   *
   * @param packedLimit bytes that are read; @param limit bytes that are unpacked.
   */
  async read(entry: ZipEntry, packedLimit: number, limit: number): Promise<ZipPart> {
    const { offset, packedBytes, name, method } = entry;
    const header = LOCAL_BYTES + Buffer.byteLength(name) + LOCAL_EXTRA;
    const wanted = Math.min(packedBytes, packedLimit);
    const read = await this.file.read(offset, Math.min(header + wanted, this.file.size - offset));
    const view = viewOf(read);
    if (read.length < LOCAL_BYTES || view.getUint32(0, true) !== LOCAL) throw damaged();
    const from = LOCAL_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
    const packed = read.subarray(from, from + wanted);
    const whole = packed.length === packedBytes;
    if (method === 0) return { bytes: packed.subarray(0, limit), complete: whole && packed.length <= limit };
    if (method !== 8) throw new ParseFault('The file is packed in a way that workbooks are not.');
    const bytes = await beginningOf('deflate', packed, limit).catch((): never => {
      throw damaged();
    });
    if (bytes.length > entry.bytes) throw swollen();
    return { bytes, complete: whole && bytes.length === entry.bytes };
  }
}

async function readDirectory(file: RangedFile): Promise<ZipEntry[]> {
  const tail = await file.tail(END_BYTES + LONGEST_COMMENT);
  const view = viewOf(tail);
  let end = tail.length - END_BYTES;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw new ParseFault('The file is no workbook, or it is cut off: its directory is missing.');
  const count = view.getUint16(end + 10, true);
  const length = view.getUint32(end + 12, true);
  const offset = view.getUint32(end + 16, true);
  if (length === 0xffffffff || offset === 0xffffffff || count > MAX_ENTRIES || length > MAX_DIRECTORY)
    throw new ParseFault('The file has far more parts than a workbook.');
  const directory = await file.read(offset, length);
  return parseDirectory(directory);
}

function parseDirectory(bytes: Uint8Array): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.length && view.getUint32(at, true) === ENTRY;) {
    const nameBytes = view.getUint16(at + 28, true);
    const name = Buffer.from(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes)).toString('utf8');
    if ((view.getUint16(at + 8, true) & 1) === 1)
      throw new ParseFault('The workbook is encrypted.', 'FILE_UNREADABLE', 'Save it without a password.');
    if (/(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:|\0/.test(name))
      throw new ParseFault('The file names parts outside of itself.');
    entries.push({
      name,
      method: view.getUint16(at + 10, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    if (entries.length > MAX_ENTRIES) throw new ParseFault('The file has far more parts than a workbook.');
    at += ENTRY_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** By the directory, before anything is unpacked; parts that overlap would count the same bytes many times. */
function assertHarmless(entries: readonly ZipEntry[]): void {
  let end = 0;
  let packed = 0;
  let unpacked = 0;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset < end) throw new ParseFault('The parts of the file overlap.');
    end = entry.offset + LOCAL_BYTES + entry.packedBytes;
    packed += entry.packedBytes;
    unpacked += entry.bytes;
    if (swells(entry.bytes, entry.packedBytes)) throw swollen();
  }
  if (swells(unpacked, packed)) throw swollen();
}

const swells = (bytes: number, packed: number): boolean =>
  bytes > HARMLESS_BYTES && bytes > packed * CAPS.unpackedRatio;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const damaged = (): ParseFault => new ParseFault('The workbook is damaged: a part of it cannot be unpacked.');

const swollen = (): ParseFault =>
  new ParseFault(
    `The workbook unpacks to more than ${String(CAPS.unpackedRatio)} times its size, or to more than it says.`,
    'FILE_TOO_LARGE_INFLATED',
  );
