import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { FrameBuffer } from '../../families/frame-buffer.js';
import { guard, Meter, SilenceWatch, toConnectorError } from '../../spi/index.js';

type Bson = typeof import('bson');
export type Document = Readonly<Record<string, unknown>>;

const OP_MSG = 2013;
const HEADER = 16;
/** A batch of documents stays below it: MongoDB's own limit of a message is 48 MB. */
const MESSAGE_BYTES = 48_000_000;
/** A statement is ended by the server after this time; no byte for a little longer means that it is frozen. */
export const STATEMENT_MS = 60_000;

interface Pending {
  readonly resolve: (answer: Document) => void;
  readonly reject: (error: Error) => void;
}

/** MongoDB's wire protocol (OP_MSG) over one socket. Calls that are made without waiting travel together. */
export class Wire {
  private readonly pending = new Map<number, Pending>();
  private readonly silence: SilenceWatch;
  private readonly frames = new FrameBuffer(HEADER, sizeOf);
  private next = 1;
  private fault: Error | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly bson: Bson,
  ) {
    const meter = new Meter(4 * MESSAGE_BYTES);
    this.silence = new SilenceWatch(meter, STATEMENT_MS + 10_000, (fault) => this.drop(fault));
    guard(socket, meter);
    socket
      .on('data', (chunk: Buffer) => this.take(chunk))
      .on('error', (error: Error) => this.drop(toConnectorError(error, {}, 'UNREACHABLE')))
      .on('close', () => this.drop(new AppError('UNREACHABLE', 'The server closed the connection.')));
  }

  get usable(): boolean {
    return this.fault === undefined;
  }

  /** Runs one command; what the server answers with `ok: 0` is the answer still. */
  command(database: string, command: Document): Promise<Document> {
    if (this.fault) return Promise.reject(this.fault);
    const id = this.next;
    this.next = (this.next % 0x7fffffff) + 1;
    const body = this.bson.serialize({ ...command, $db: database });
    const message = Buffer.alloc(HEADER + 5);
    message.writeInt32LE(message.length + body.length, 0);
    message.writeInt32LE(id, 4);
    message.writeInt32LE(OP_MSG, 12);
    this.silence.begin();
    return new Promise<Document>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.socket.write(Buffer.concat([message, body]));
    }).finally(() => this.silence.end());
  }

  drop(fault: Error): void {
    this.fault ??= fault;
    this.socket.destroy();
    for (const { reject } of this.pending.values()) reject(this.fault);
    this.pending.clear();
  }

  private take(chunk: Buffer): void {
    try {
      for (const message of this.frames.take(chunk)) this.answer(message);
    } catch (error) {
      this.drop(error as Error);
    }
  }

  /** One message: a header, flags, and one section with a document. */
  private answer(message: Buffer): void {
    const waiting = this.pending.get(message.readInt32LE(8));
    if (!waiting || message.readInt32LE(12) !== OP_MSG || message[HEADER + 4] !== 0) {
      this.drop(strange());
      return;
    }
    this.pending.delete(message.readInt32LE(8));
    try {
      // Numbers beyond 2^53 stay what they are; no function is ever made of what a server sends.
      const size = message.readInt32LE(HEADER + 5);
      const document = message.subarray(HEADER + 5, HEADER + 5 + size);
      waiting.resolve(this.bson.deserialize(document, { promoteLongs: true, promoteValues: false }));
    } catch {
      const fault = new AppError('PROTOCOL', 'The answer of the server is not BSON.');
      waiting.reject(fault);
      this.drop(fault);
    }
  }
}

/** Bytes of the message that begins so. @throws AppError PROTOCOL where no message of a bearable size does. */
function sizeOf(head: Buffer): number {
  const size = head.readInt32LE(0);
  if (size < HEADER + 5 || size > MESSAGE_BYTES) throw strange();
  return size;
}

function strange(): AppError {
  return new AppError('PROTOCOL', 'The server does not speak the protocol of MongoDB.');
}
