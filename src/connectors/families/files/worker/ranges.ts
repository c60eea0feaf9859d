import type { MessagePort } from 'node:worker_threads';
import { CAPS, type RangeAnswer, type RangeFile, type RangeQuestion } from '../analysis.js';
import { ParseFault } from './parse-fault.js';

/** How a parser gets at bytes: it asks, and the main thread reads. */
export interface Ranges {
  /** Up to `length` bytes from `offset`, fewer only at the end of the file; nothing where there is no such file. */
  read(path: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** The files that lie right in a folder, in the order of their names; none where there is no folder. */
  list(prefix: string): Promise<readonly RangeFile[]>;
}

/** One file of which ranges are read. */
export class RangedFile {
  private whole: Uint8Array | undefined;

  constructor(
    private readonly ranges: Ranges,
    readonly path: string,
    readonly size: number,
  ) {}

  /** A file of which many parts are wanted: a short one is read at once. */
  static async buffered(ranges: Ranges, { path, size }: { path: string; size: number }): Promise<RangedFile> {
    const file = new RangedFile(ranges, path, size);
    if (size <= CAPS.rangeBytes) file.whole = await file.read(0, size);
    return file;
  }

  /** Exactly these bytes. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (offset < 0 || length < 0 || offset + length > this.size)
      throw new ParseFault('The file points to a place outside of it: it is damaged or cut off.');
    if (length === 0) return new Uint8Array();
    if (this.whole) return this.whole.subarray(offset, offset + length);
    const bytes = await this.ranges.read(this.path, offset, length);
    if (bytes?.length !== length) throw new ParseFault('The file became shorter while it was read.', 'BUSY');
    return bytes;
  }

  /** The last `length` bytes, or the whole file where it is shorter. */
  tail(length: number): Promise<Uint8Array> {
    const some = Math.min(length, this.size);
    return this.read(this.size - some, some);
  }
}

/** Asks over a port. A question that the main thread cannot answer is never answered: it ends the thread instead. */
export class PortRanges implements Ranges {
  private readonly waiting = new Map<number, (answer: RangeAnswer) => void>();
  private asked = 0;

  constructor(private readonly port: MessagePort) {
    port.on('message', (answer: RangeAnswer) => {
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    });
  }

  async read(path: string, offset: number, length: number): Promise<Uint8Array | undefined> {
    return (await this.ask({ id: ++this.asked, ask: 'read', path, offset, length })).bytes;
  }

  async list(prefix: string): Promise<readonly RangeFile[]> {
    return (await this.ask({ id: ++this.asked, ask: 'list', prefix })).files ?? [];
  }

  close(): void {
    this.port.close();
  }

  private ask(question: RangeQuestion): Promise<RangeAnswer> {
    return new Promise((resolve) => {
      this.waiting.set(question.id, resolve);
      this.port.postMessage(question);
    });
  }
}
