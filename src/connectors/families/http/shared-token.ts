import { abortable } from '../../../common/abortable.js';
import { AppError } from '../../../common/app-error.js';

export interface TimedToken<T = string> {
  readonly token: T;
  /** Seconds from now on. */
  readonly livesS: number;
}

/** A token is renewed so long before it ends, or at half of a short life. */
const EARLY_S = 300;

/** A token, or whatever else ends by its time, that is asked for when it is needed, kept until shortly before it ends, and asked for once for all who wait. */
export class SharedToken<T = string> {
  private known: { readonly token: T; readonly until: number } | undefined;
  private asking: Promise<T> | undefined;

  constructor(private readonly ask: (signal: AbortSignal) => Promise<TimedToken<T>>) {}

  /** The token. Each caller leaves by its own signal; the request itself ends by that of whoever came first. */
  async get(signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      if (this.known && this.known.until > Date.now()) return this.known.token;
      const mine = this.asking === undefined;
      this.asking ??= this.renew(signal);
      try {
        return await abortable(this.asking, signal);
      } catch (error) {
        // Whoever came first gave up; that is no fault of ours.
        const theirs = !mine && error instanceof AppError && ['CANCELLED', 'TIMEOUT'].includes(error.code);
        if (!theirs) throw error;
      }
    }
  }

  private async renew(signal: AbortSignal): Promise<T> {
    try {
      const { token, livesS } = await this.ask(signal);
      this.known = { token, until: Date.now() + Math.max(livesS - EARLY_S, livesS / 2) * 1_000 };
      return token;
    } finally {
      this.asking = undefined;
    }
  }
}
