import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import type { Session } from '../spi/index.js';

export interface PoolLimits {
  /** Sessions at most. */
  readonly size: number;
  /** Callers that may wait for one at most. */
  readonly queue: number;
  /** How long a session may lie idle before it is closed. */
  readonly idleMs: number;
  /** How long the opening of one may take, with all that is tried again. */
  readonly openMs: number;
}

export interface PoolStats {
  readonly size: number;
  readonly open: number;
  readonly in_use: number;
  readonly idle: number;
  readonly waiting: number;
  readonly created: number;
  readonly failed: number;
}

interface Waiter {
  readonly signal: AbortSignal;
  readonly resolve: (session: Session) => void;
  readonly reject: (reason: Error) => void;
  readonly stop: () => void;
}

interface Idle {
  readonly session: Session;
  readonly since: number;
}

/**
 * Sessions to one source with equal settings. Callers get one in the order in which they came; a caller that cannot be
 * served within its deadline gets BUSY, and a full queue says so at once. A session that broke is never handed out.
 */
export class SessionPool {
  private readonly idle: Idle[] = [];
  private readonly waiters: Waiter[] = [];
  /** One for each opening that is under way. */
  private readonly openings = new Set<AbortController>();
  private inUse = 0;
  private created = 0;
  private failed = 0;
  private closed = false;

  /** @param open opens one session; it leaves no socket behind once its signal aborts. */
  constructor(
    private readonly limits: PoolLimits,
    private readonly open: (signal: AbortSignal) => Promise<Session>,
  ) {}

  /** Runs `work` with a session; the session goes back afterwards, or is closed where the line broke or work failed oddly. */
  async use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.acquire(signal);
    try {
      return await work(session);
    } finally {
      // Whatever was cut off in the middle may still be running on the line: such a session is not used again.
      this.release(session, !signal.aborted);
    }
  }

  stats(): PoolStats {
    return {
      size: this.limits.size,
      open: this.inUse + this.idle.length,
      in_use: this.inUse,
      idle: this.idle.length,
      waiting: this.waiters.length,
      created: this.created,
      failed: this.failed,
    };
  }

  /** Closes sessions that have been idle for too long; gives back whether the pool is empty now. */
  sweep(now: number): boolean {
    while (this.idle[0] && (now - this.idle[0].since >= this.limits.idleMs || !this.idle[0].session.usable))
      void this.idle.shift()?.session.close();
    return this.idle.length + this.inUse + this.openings.size + this.waiters.length === 0;
  }

  /** Closes the session that has been idle for longest; gives back whether there was one. */
  evictOne(): boolean {
    const oldest = this.idle.shift();
    void oldest?.session.close();
    return oldest !== undefined;
  }

  /** Since when the oldest idle session lies there; Infinity where none is idle. */
  get oldestIdle(): number {
    return this.idle[0]?.since ?? Infinity;
  }

  /** Closes idle sessions now and busy ones when they come back; openings are ended, waiters are refused. */
  async close(): Promise<void> {
    this.closed = true;
    for (const waiter of this.waiters.splice(0)) {
      waiter.stop();
      waiter.reject(isClosing());
    }
    for (const opening of this.openings) opening.abort(isClosing());
    await Promise.all(this.idle.splice(0).map(({ session }) => session.close()));
  }

  private async acquire(signal: AbortSignal): Promise<Session> {
    signal.throwIfAborted();
    if (this.closed) throw isClosing();
    for (let last = this.idle.pop(); last; last = this.idle.pop()) {
      if (last.session.usable) {
        this.inUse++;
        return last.session;
      }
      void last.session.close();
    }
    if (this.inUse + this.openings.size < this.limits.size) return this.create(signal);
    if (this.waiters.length >= this.limits.queue)
      throw new AppError('BUSY', 'All sessions to the source are in use and the queue is full.', {
        retryAfterS: 2,
      });
    return this.wait(signal);
  }

  /** Opens a session for a caller, until that one leaves, the pool closes or the time for it is over. */
  private async create(caller: AbortSignal): Promise<Session> {
    const opening = new AbortController();
    const leave = (): void => opening.abort(caller.reason);
    caller.addEventListener('abort', leave, { once: true });
    this.openings.add(opening);
    try {
      const session = await withDeadline(this.limits.openMs, opening.signal, async (signal) => {
        const late = await this.open(signal);
        // Nobody waits for it any more.
        if (signal.aborted) void late.close();
        return late;
      });
      this.created++;
      this.inUse++;
      return session;
    } catch (error) {
      this.failed++;
      throw error;
    } finally {
      caller.removeEventListener('abort', leave);
      this.openings.delete(opening);
      // A failed opening frees a place that somebody may be waiting for.
      this.serveNext();
    }
  }

  private wait(signal: AbortSignal): Promise<Session> {
    return new Promise((resolve, reject) => {
      const gaveUp = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(new AppError('BUSY', 'No session to the source became free in time.', { retryAfterS: 2 }));
      };
      const stop = (): void => signal.removeEventListener('abort', gaveUp);
      const waiter: Waiter = { signal, resolve, reject, stop };
      signal.addEventListener('abort', gaveUp, { once: true });
      this.waiters.push(waiter);
    });
  }

  private release(session: Session, reusable: boolean): void {
    this.inUse--;
    const waiter = reusable && session.usable && !this.closed ? this.waiters.shift() : undefined;
    if (waiter) {
      waiter.stop();
      this.inUse++;
      waiter.resolve(session);
    } else if (reusable && session.usable && !this.closed) {
      this.idle.push({ session, since: performance.now() });
    } else {
      void session.close();
      this.serveNext();
    }
  }

  /** Opens a session for the first waiter where a place is free. */
  private serveNext(): void {
    if (this.closed || this.waiters.length === 0 || this.inUse + this.openings.size >= this.limits.size)
      return;
    const waiter = this.waiters.shift();
    if (!waiter) return;
    waiter.stop();
    this.create(waiter.signal).then(waiter.resolve, waiter.reject);
  }
}

function isClosing(): AppError {
  return new AppError('BUSY', 'The pool of the source is closing.', { retryAfterS: 1 });
}
