import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { FrameBuffer } from '../../families/frame-buffer.js';
import { guard, Meter, SilenceWatch, toConnectorError } from '../../spi/index.js';
import { BodyReader } from './body.js';
import { faultOfCode, strange } from './codes.js';
import { skipStrings } from './rows.js';

/** Every Cassandra since 2.2, ScyllaDB and Amazon Keyspaces take it; frames of version 5 only bring checksums. */
const VERSION = 4;
const ANSWER = 0x80 | VERSION;
const HEAD = 9;
const ERROR = 0x00;
const WARNING = 0x08;
/** What a server takes itself: `native_transport_max_frame_size` is 16 MB. */
const FRAME_BYTES = 16 * 1024 * 1024;
const STREAMS = 0x7fff;
/** A server gives up a read after seconds; no byte for so long means that it is frozen. */
const SILENCE_MS = 60_000;

export interface Answer {
  readonly opcode: number;
  readonly body: BodyReader;
}

interface Pending {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The native protocol of CQL, version 4, over one socket. Requests that are made without waiting travel together. */
export class Wire {
  private readonly pending = new Map<number, Pending>();
  private readonly frames = new FrameBuffer(HEAD, sizeOf);
  private readonly silence: SilenceWatch;
  private next = 0;
  private fault: Error | undefined;

  constructor(private readonly socket: Socket) {
    const meter = new Meter(4 * FRAME_BYTES);
    this.silence = new SilenceWatch(meter, SILENCE_MS, (fault) => this.drop(fault));
    guard(socket, meter);
    socket
      .on('data', (chunk: Buffer) => {
        for (const frame of this.frames.take(chunk)) this.answer(frame);
      })
      .on('error', (error: Error) => this.drop(toConnectorError(error, {}, 'UNREACHABLE')))
      .on('close', () => this.drop(new AppError('UNREACHABLE', 'The server closed the connection.')));
  }

  get usable(): boolean {
    return this.fault === undefined;
  }

  /** One request and its answer. @throws AppError of the code where the server answers with an error. */
  ask(opcode: number, body: Buffer): Promise<Answer> {
    if (this.fault) return Promise.reject(this.fault);
    const stream = this.next;
    this.next = (this.next + 1) % STREAMS;
    const head = Buffer.from([VERSION, 0, 0, 0, opcode, 0, 0, 0, 0]);
    head.writeInt16BE(stream, 2);
    head.writeInt32BE(body.length, 5);
    this.silence.begin();
    return new Promise<Answer>((resolve, reject) => {
      this.pending.set(stream, { resolve, reject });
      this.socket.write(Buffer.concat([head, body]));
    }).finally(() => this.silence.end());
  }

  drop(fault: Error): void {
    this.fault ??= fault;
    this.socket.destroy();
    for (const { reject } of this.pending.values()) reject(this.fault);
    this.pending.clear();
  }

  /** What is thrown here ends the line: `guard` sees to it. */
  private answer(frame: Buffer): void {
    const stream = frame.readInt16BE(2);
    // An event, which has the stream -1, was not asked for either.
    const waiting = this.pending.get(stream);
    const flags = frame.readUInt8(1);
    // Neither compression nor a trace was asked for.
    if (!waiting || (flags & ~WARNING) !== 0) throw strange();
    const body = new BodyReader(frame.subarray(HEAD));
    if ((flags & WARNING) !== 0) skipStrings(body, body.short());
    const opcode = frame.readUInt8(4);
    const fault = opcode === ERROR ? faultOfCode(body.int()) : undefined;
    this.pending.delete(stream);
    if (fault) waiting.reject(fault);
    else waiting.resolve({ opcode, body });
  }
}

function sizeOf(head: Buffer): number {
  const [version] = head;
  const size = head.readInt32BE(5);
  // A server of another version of the protocol refuses ours in a frame of its own version.
  if (version === undefined || version < 0x83 || version > 0x86 || size < 0 || size > FRAME_BYTES)
    throw strange();
  if (version !== ANSWER && head.readUInt8(4) !== ERROR) throw strange();
  return HEAD + size;
}
