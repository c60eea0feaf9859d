import { AppError } from '../../../common/app-error.js';

/** What a server says: a line, or a message with its head and its body. */
export type NatsFrame =
  | { readonly op: 'line'; readonly text: string }
  | { readonly op: 'message'; readonly subject: string; readonly head: string; readonly body: Buffer };

/** INFO is the longest line there is. */
const MAX_LINE = 1_000_000;
const MAX_BODY = 64_000_000;
const END = Buffer.from('\r\n');

interface Awaited {
  readonly subject: string;
  readonly head: number;
  readonly total: number;
}

/** Cuts the stream of a NATS server into frames. */
export class NatsReader {
  private chunks: Buffer[] = [];
  private length = 0;
  private awaited: Awaited | undefined;

  /** The frames that are complete with this chunk. @throws AppError PROTOCOL. */
  *add(chunk: Buffer): Generator<NatsFrame> {
    this.chunks.push(chunk);
    this.length += chunk.length;
    // A long message comes in many chunks: they are put together once.
    while (this.awaited === undefined || this.length >= this.awaited.total + 2) {
      const frame = this.awaited === undefined ? this.line() : this.message(this.awaited);
      if (frame === undefined) return;
      if (frame !== 'head') yield frame;
    }
  }

  /** Bytes that belong to no frame yet. */
  get rest(): number {
    return this.length;
  }

  private line(): NatsFrame | 'head' | undefined {
    const bytes = this.whole();
    const end = bytes.indexOf(END);
    if (end < 0) {
      if (bytes.length > MAX_LINE) throw strange();
      return undefined;
    }
    const text = bytes.toString('utf8', 0, end);
    this.keep(bytes.subarray(end + 2));
    if (!/^H?MSG /i.test(text)) return { op: 'line', text };
    const words = text.split(/\s+/);
    const [total = NaN, head = NaN] = words.slice(-2).reverse().map(Number);
    const hasHead = /^HMSG/i.test(text);
    this.awaited = { subject: words[1] ?? '', head: hasHead ? head : 0, total };
    if (!(total >= 0 && total <= MAX_BODY && this.awaited.head >= 0 && this.awaited.head <= total))
      throw strange();
    return 'head';
  }

  private message({ subject, head, total }: Awaited): NatsFrame {
    const bytes = this.whole();
    if (bytes[total] !== 0x0d || bytes[total + 1] !== 0x0a) throw strange();
    this.awaited = undefined;
    this.keep(bytes.subarray(total + 2));
    return {
      op: 'message',
      subject,
      head: bytes.toString('utf8', 0, head),
      body: bytes.subarray(head, total),
    };
  }

  private whole(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.chunks;
    const bytes = more.length === 0 ? first : Buffer.concat(this.chunks, this.length);
    this.chunks = [bytes];
    return bytes;
  }

  private keep(bytes: Buffer): void {
    this.chunks = bytes.length === 0 ? [] : [bytes];
    this.length = bytes.length;
  }
}

function strange(): AppError {
  return new AppError('PROTOCOL', 'The source does not speak the expected protocol.');
}
