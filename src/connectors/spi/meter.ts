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
