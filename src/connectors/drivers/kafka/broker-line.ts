import type { Socket } from 'node:net';
import { AppError } from '../../../common/app-error.js';
import { FrameBuffer } from '../../families/frame-buffer.js';
import {
  guard,
  Meter,
  openSocket,
  secureSocket,
  tlsOptions,
  toConnectorError,
  type Address,
  type OpenContext,
  type TlsConfig,
} from '../../spi/index.js';
import { KafkaReader, KafkaWriter, strange } from './wire.js';

const CLIENT_ID = 'datawave-data-sources';
/** The metadata of a hundred thousand partitions has a few MB. */
const MAX_ANSWER_BYTES = 128_000_000;
/** The length of an answer, and the number of its request. */
const HEAD_BYTES = 8;
/** A broker that says nothing for so long within one request is lost, whatever the whole work may still take. */
const REQUEST_MS = 30_000;

/** One request of the protocol: its number, its version, what it says and how its answer is read. */
export interface KafkaRequest<T> {
  readonly key: number;
  readonly version: number;
  readonly body: Buffer;
  readonly read: (reader: KafkaReader) => T;
}

interface Waiting {
  readonly resolve: (body: Buffer) => void;
  readonly reject: (error: AppError) => void;
}

/** One connection to one broker; answers come in the order of the requests. */
export class BrokerLine {
  private readonly meter = new Meter(MAX_ANSWER_BYTES);
  private readonly waiting: Waiting[] = [];
  private readonly frames = new FrameBuffer(HEAD_BYTES, frameBytes);
  private sent = 0;
  private answered = 0;
  private lost: AppError | undefined;

  private constructor(private readonly socket: Socket) {
    guard(socket, this.meter);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(toConnectorError(error, {}, 'UNREACHABLE')));
    socket.on('close', () => this.fail(new AppError('UNREACHABLE', 'The source closed the connection.')));
  }

  /** Dials where the context says; `where` is the name that its certificate must have. */
  static async open(
    where: Address,
    tls: TlsConfig | undefined,
    context: Pick<OpenContext, 'signal' | 'address' | 'locate' | 'done' | 'dial'>,
  ): Promise<BrokerLine> {
    const socket = await openSocket(where, context);
    const secure = tlsOptions(where.host, tls);
    if (!secure) return new BrokerLine(socket);
    const secured = await secureSocket(socket, secure, context.signal);
    context.done?.('tls', { protocol: secured.getProtocol() ?? 'unknown' });
    return new BrokerLine(secured);
  }

  get usable(): boolean {
    return this.lost === undefined;
  }

  async ask<T>({ key, version, body, read }: KafkaRequest<T>): Promise<T> {
    if (this.lost) throw this.lost;
    if (this.waiting.length === 0) this.meter.received = 0;
    const head = new KafkaWriter().int16(key).int16(version).int32(this.sent).string(CLIENT_ID).done();
    this.sent += 1;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        this.waiting.push({ resolve, reject });
        timer = setTimeout(
          () => this.fail(new AppError('TIMEOUT', 'The source did not answer in time.')),
          REQUEST_MS,
        );
        this.socket.write(new KafkaWriter().bytes(Buffer.concat([head, body])).done());
      });
      return read(new KafkaReader(answer));
    } finally {
      clearTimeout(timer);
    }
  }

  destroy(): void {
    this.fail(new AppError('UNREACHABLE', 'The line to the source was closed.'));
  }

  private take(chunk: Buffer): void {
    for (const frame of this.frames.take(chunk)) {
      const waiting = this.waiting.shift();
      if (!waiting || frame.readInt32BE(4) !== this.answered) throw strange();
      this.answered += 1;
      waiting.resolve(frame.subarray(HEAD_BYTES));
    }
  }

  private fail(reason: AppError): void {
    this.lost ??= reason;
    this.socket.destroy();
    for (const { reject } of this.waiting.splice(0)) reject(this.lost);
  }
}

/** Bytes of the answer that begins so. What is something else, such as HTTP, begins with a number that is none. */
function frameBytes(head: Buffer): number {
  const size = head.readInt32BE(0);
  if (size < 4 || size > MAX_ANSWER_BYTES) throw strange();
  return size + 4;
}
