import { AppError } from '../../../common/app-error.js';

/** Who waits for an answer: a socket that is on its way to nobody any more is given up at once. */
export class Callers {
  private readonly signals = new Map<symbol, AbortSignal>();
  private leaving = new AbortController();

  /** Aborts when the last of those who wait now has left or has its answer. */
  get left(): AbortSignal {
    return this.leaving.signal;
  }

  /** @throws AppError CANCELLED where nobody waits. */
  throwIfNone(): void {
    if (this.none) throw nobody();
  }

  /** Another caller, until the function is called that this gives back. */
  join(signal: AbortSignal): () => void {
    const id = Symbol();
    this.signals.set(id, signal);
    const check = (): void => {
      if (!this.none) return;
      this.leaving.abort(nobody());
      this.leaving = new AbortController();
    };
    signal.addEventListener('abort', check, { once: true });
    return () => {
      signal.removeEventListener('abort', check);
      this.signals.delete(id);
      check();
    };
  }

  private get none(): boolean {
    return [...this.signals.values()].every(({ aborted }) => aborted);
  }
}

const nobody = (): AppError => new AppError('CANCELLED', 'Nobody waits for an answer any more.');
