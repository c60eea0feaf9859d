import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import type { Session } from '../spi/index.js';
import { RecentValues } from './recent-values.js';
import type { SessionBudget } from './session-budget.js';

export interface PoolLimits {
  /** Sessions at most. */
  readonly size: number;
  /** Sessions that stay open when nobody uses them. */
  readonly minIdle: number;
  /** Callers on one session at most, where each of them agrees to share it. */
  readonly sharing: number;
  /** Callers that may wait for a session at most. */
  readonly queue: number;
  /** How long a session may lie idle before it is closed. */
  readonly idleMs: number;
  /** How old a session may grow; a tenth of it, by chance, may be missing, so that not all end at once. */
  readonly lifetimeMs: number;
  /** How long the opening of one may take, with all that is tried again. */
  readonly openMs: number;
}

export interface PoolStats {
  readonly size: number;
  readonly open: number;
  readonly in_use: number;
  readonly idle: number;
  readonly waiting: number;
  readonly wait_p95_ms: number;
  readonly created: number;
  readonly failed: number;
  readonly resizes: number;
}

/** One open session with those who use it. */
interface Slot {
  readonly session: Session;
  /** On the clock of `performance.now()`. */
  readonly diesAt: number;
  users: number;
  /** All who use it agreed to share it. */
  shared: boolean;
  /** Somebody was cut off on it: what he asked for may still be running there. */
  spent: boolean;
  idleSince: number;
}

interface Waiter {
  readonly shared: boolean;
  readonly since: number;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (reason: Error) => void;
}

/** After an opening failed while others work: the source may be full, and is left alone for so long. */
const FULL_MS = 1_000;
const WAITS_REMEMBERED = 128;

/**
 * Sessions to one source with equal settings. Callers get one in the order in which they came; a caller that cannot be
 * served within its deadline gets BUSY, and a full queue says so at once. A session that broke is never handed out.
 *
 * While no session is open there is one opening at a time, and its fault goes to all who wait: a wrong password is sent
 * once, however many callers there are.
 */
export class SessionPool {
  private readonly slots = new Set<Slot>();
  /** The one that was used last is the last one, and the next to be used: the others may grow old. */
  private readonly idle: Slot[] = [];
  private readonly waiters: Waiter[] = [];
  /** One for each opening that is under way. */
  private readonly openings = new Set<AbortController>();
  private readonly waits = new RecentValues(WAITS_REMEMBERED);
  private created = 0;
  private failed = 0;
  private resizes = 0;
  private fullUntil = 0;
  private state: 'serving' | 'draining' | 'closed' = 'serving';

  /**
   * @param open opens one session; it leaves no socket behind once its signal aborts.
   * @param budget is asked for a place before each opening, and is given it back at the end of the session.
   */
  constructor(
    private limits: PoolLimits,
    private readonly open: (signal: AbortSignal) => Promise<Session>,
    private readonly budget: SessionBudget,
  ) {}

  /**
   * Runs `work` with a session; the session goes back afterwards, or is closed where the line broke or work was cut off.
   *
   * @param shared others may use the session at the same time. For short reads that change nothing on it and may be
   *   asked again: where one of them is cut off, the line may go under all of them.
   */
  async use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>, shared = false): Promise<T> {
    const slot = this.acquire(signal, shared) ?? (await this.wait(signal, shared));
    try {
      return await work(slot.session);
    } finally {
      slot.users--;
      // Whatever was cut off in the middle may still be running on the line: such a session is not used again.
      slot.spent ||= signal.aborted;
      this.offer(slot);
    }
  }

  stats(): PoolStats {
    return {
      size: this.limits.size,
      open: this.slots.size,
      in_use: this.slots.size - this.idle.length,
      idle: this.idle.length,
      waiting: this.waiters.length,
      wait_p95_ms: this.waits.quantile(0.95),
      created: this.created,
      failed: this.failed,
      resizes: this.resizes,
    };
  }

  /** Forgets how long callers waited up to now, so that what is measured next is of now alone. */
  forgetWaits(): void {
    this.waits.clear();
  }

  /** Takes other limits from now on. No caller notices: surplus sessions end when they come back. */
  resize(limits: PoolLimits): void {
    if (limits.size !== this.limits.size) this.resizes++;
    this.limits = limits;
    while (this.slots.size > limits.size && this.idle[0]) void this.discard(this.idle[0]);
    this.grow();
  }

  /** Closes sessions that have been idle or open for too long; gives back whether the pool is empty now. */
  sweep(now: number): boolean {
    for (const slot of [...this.idle]) {
      const stale = now - slot.idleSince >= this.limits.idleMs && this.slots.size > this.limits.minIdle;
      if (stale || now >= slot.diesAt || !slot.session.usable) void this.discard(slot);
    }
    return this.slots.size + this.openings.size + this.waiters.length === 0;
  }

  /** Closes the session that has been idle for longest; gives back whether there was one. */
  evictOne(): boolean {
    const [oldest] = this.idle;
    if (oldest) void this.discard(oldest);
    return oldest !== undefined;
  }

  /** Since when the oldest idle session lies there; Infinity where none is idle. */
  get oldestIdle(): number {
    return this.idle[0]?.idleSince ?? Infinity;
  }

  /** Serves those who are here, then ends its sessions; for a pool that others take the place of. */
  drain(): void {
    if (this.state === 'serving') this.state = 'draining';
    while (this.idle[0]) void this.discard(this.idle[0]);
  }

  /** Closes idle sessions now and busy ones when they come back; openings are ended, waiters are refused. */
  async close(): Promise<void> {
    this.state = 'closed';
    for (const waiter of this.waiters.splice(0)) waiter.reject(isClosing());
    for (const opening of this.openings) opening.abort(isClosing());
    await Promise.all([...this.idle].map((slot) => this.discard(slot)));
  }

  /** A session that a caller may have at once; nobody overtakes those who wait. */
  private acquire(signal: AbortSignal, shared: boolean): Slot | undefined {
    signal.throwIfAborted();
    if (this.state === 'closed') throw isClosing();
    if (this.waiters.length > 0) return undefined;
    // First where others are already: fewer sessions, and what goes out together is one packet.
    if (shared)
      for (const slot of this.slots)
        if (slot.users > 0 && this.hasRoom(slot, true)) return this.occupy(slot, true, 0);
    for (let slot = this.idle.at(-1); slot; slot = this.idle.at(-1)) {
      if (this.keeps(slot)) {
        this.idle.pop();
        return this.occupy(slot, shared, 0);
      }
      void this.discard(slot);
    }
    return undefined;
  }

  private wait(signal: AbortSignal, shared: boolean): Promise<Slot> {
    if (this.waiters.length - this.openings.size >= this.limits.queue)
      throw new AppError('BUSY', 'All sessions to the source are in use and the queue is full.', {
        retryAfterS: 2,
      });
    return new Promise((resolve, reject) => {
      const gaveUp = (): void => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        // A source that does not let us in is not the same as sessions that others hold.
        reject(
          this.openings.size > 0 && this.slots.size === 0
            ? (signal.reason as Error)
            : new AppError('BUSY', 'No session to the source became free in time.', { retryAfterS: 2 }),
        );
        if (this.openings.size > this.waiters.length) [...this.openings].at(-1)?.abort(signal.reason);
      };
      const settled = <A>(settle: (value: A) => void) => {
        return (value: A): void => {
          signal.removeEventListener('abort', gaveUp);
          settle(value);
        };
      };
      const waiter = { shared, since: performance.now(), resolve: settled(resolve), reject: settled(reject) };
      signal.addEventListener('abort', gaveUp, { once: true });
      this.waiters.push(waiter);
      this.grow();
    });
  }

  private occupy(slot: Slot, shared: boolean, waitedMs: number): Slot {
    slot.users++;
    slot.shared = shared;
    this.waits.add(waitedMs);
    return slot;
  }

  /** Whether a session may be given to anybody any more. */
  private keeps(slot: Slot): boolean {
    return (
      this.state !== 'closed' &&
      (this.state === 'serving' || this.waiters.length > 0) &&
      !slot.spent &&
      slot.session.usable &&
      this.slots.size <= this.limits.size &&
      performance.now() < slot.diesAt
    );
  }

  private hasRoom(slot: Slot, shared: boolean): boolean {
    const room = slot.users === 0 || (shared && slot.shared && slot.users < this.limits.sharing);
    return room && this.keeps(slot);
  }

  /** Gives a session to those who have waited longest, else lays it down; one that is not kept ends with its last user. */
  private offer(slot: Slot): void {
    for (let [next] = this.waiters; next && this.hasRoom(slot, next.shared); [next] = this.waiters) {
      this.waiters.shift();
      next.resolve(this.occupy(slot, next.shared, performance.now() - next.since));
    }
    if (slot.users > 0) return;
    if (!this.keeps(slot)) {
      void this.discard(slot);
    } else {
      slot.shared = false;
      slot.idleSince = performance.now();
      this.idle.push(slot);
    }
  }

  /** Ends a session that nobody uses; its place may be taken by somebody who waits. */
  private async discard(slot: Slot): Promise<void> {
    const place = this.idle.indexOf(slot);
    if (place >= 0) this.idle.splice(place, 1);
    this.slots.delete(slot);
    this.budget.giveBack();
    this.grow();
    await slot.session.close();
  }

  /** Opens sessions for those who wait, as far as there may be more. */
  private grow(): void {
    if (this.state === 'closed') return;
    const most = this.slots.size === 0 ? Math.min(1, this.waiters.length) : this.waiters.length;
    while (
      this.openings.size < most &&
      this.slots.size + this.openings.size < this.limits.size &&
      performance.now() >= this.fullUntil
    ) {
      if (!this.budget.take()) {
        this.refuse();
        return;
      }
      void this.openOne();
    }
  }

  /** No place for a session at all: those who wait are told so, unless one of the pool's own will come back. */
  private refuse(): void {
    if (this.slots.size + this.openings.size > 0) return;
    for (const waiter of this.waiters.splice(0))
      waiter.reject(
        new AppError('BUSY', 'The product has as many sessions to sources open as it may.', {
          retryAfterS: 2,
        }),
      );
  }

  private async openOne(): Promise<void> {
    const opening = new AbortController();
    this.openings.add(opening);
    try {
      const session = await withDeadline(this.limits.openMs, opening.signal, async (signal) => {
        const late = await this.open(signal);
        // Nobody waits for it any more.
        if (signal.aborted) void late.close();
        return late;
      });
      this.openings.delete(opening);
      this.created++;
      const now = performance.now();
      const diesAt = now + this.limits.lifetimeMs * (1 - Math.random() / 10);
      const slot = { session, diesAt, users: 0, shared: false, spent: false, idleSince: now };
      this.slots.add(slot);
      this.offer(slot);
      this.grow();
    } catch (error) {
      this.openings.delete(opening);
      this.budget.giveBack();
      if (!opening.signal.aborted) this.failedToOpen(error as Error);
      this.grow();
    }
  }

  /** Sessions that are open will come back to those who wait; without any the fault is theirs. */
  private failedToOpen(fault: Error): void {
    this.failed++;
    if (this.slots.size > 0) this.fullUntil = performance.now() + FULL_MS;
    else if (this.openings.size === 0) for (const waiter of this.waiters.splice(0)) waiter.reject(fault);
  }
}

function isClosing(): AppError {
  return new AppError('BUSY', 'The pool of the source is closing.', { retryAfterS: 1 });
}
