import type { Socket } from 'node:net';
import { AppError } from '../../common/app-error.js';

/** What came in since the last answer was complete, and when: a server that floods or freezes is found out by it. */
export class Meter {
  received = 0;
  /** `performance.now()` of the last byte. */
  heardAt = performance.now();

  /** @param limit bytes of one answer. */
  constructor(public limit: number) {}

  add(bytes: number): void {
    this.heardAt = performance.now();
    this.received += bytes;
    if (this.received > this.limit)
      throw new AppError('PROTOCOL', 'The server sent far more than was asked for.');
  }
}

/** Watches a metered line while answers are due: the timeouts of a server do not help where the server is frozen. */
export class SilenceWatch {
  private due = 0;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param ms without a byte after which the line counts as lost.
   * @param onSilence is called with a TIMEOUT then, once for each such silence.
   */
  constructor(
    private readonly meter: Meter,
    private readonly ms: number,
    private readonly onSilence: (fault: AppError) => void,
  ) {}

  /** An answer is due from now on. */
  begin(): void {
    if (this.due++ > 0) return;
    this.meter.heardAt = performance.now();
    this.watch(this.ms);
  }

  /** An answer is complete, or nobody waits for it any more. */
  end(): void {
    this.meter.received = 0;
    if (--this.due === 0) clearTimeout(this.timer);
  }

  private watch(ms: number): void {
    this.timer = setTimeout(() => {
      const silence = performance.now() - this.meter.heardAt;
      if (silence < this.ms) this.watch(this.ms - silence);
      else this.onSilence(new AppError('TIMEOUT', 'The server stopped answering.', { retryAfterS: 5 }));
    }, ms).unref();
  }
}

/**
 * Meters what comes in, and keeps a driver's parser from ending the process: it throws out of the `data` event where a
 * server sends what it does not know. The socket is destroyed then.
 */
export function guard(socket: Socket, meter: Meter): void {
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    try {
      meter.add((values[0] as Buffer).length);
      return emit(event, ...values);
    } catch (error) {
      socket.destroy(error as Error);
      return true;
    }
  };
}
