import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  type CircuitBreakerPolicy,
} from 'cockatiel';
import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import type { Session } from '../spi/index.js';
import { nextSize } from './pool-size.policy.js';
import type { SessionBudget } from './session-budget.js';
import { SessionPool, type PoolLimits, type PoolStats } from './session-pool.js';
import type { Target } from './target.types.js';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface PoolReport extends PoolStats {
  readonly breaker: BreakerState;
}

export interface UseOptions {
  /** Milliseconds for waiting, work and what is tried again, together. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The work reads only and may be done again: where the line breaks it is, as often as the source allows. */
  readonly idempotent?: boolean | undefined;
  /** The work is short and idempotent, and others may use its session at the same time. */
  readonly shared?: boolean | undefined;
}

/** Callers that may wait for a session: enough for a thousand at once, whatever the size of the pool. */
const QUEUE = 2_000;
const IDLE_MS = 90_000;
const LIFETIME_MS = 30 * 60_000;
/** Short reads that travel together on one session; more of them only wait for each other. */
const SHARING = 32;
const BREAK_AFTER = 5;
const HALF_OPEN_MS = 10_000;
/** Longest pause before something is tried again; the pauses double, with jitter. */
const MAX_BACKOFF_MS = 2_000;
const FIRST_BACKOFF_MS = 100;

/** The sessions to one source, behind its circuit breaker. */
export class SourcePool {
  private readonly pool: SessionPool;
  private readonly breaker: CircuitBreakerPolicy;
  private size: number;
  private failedBefore = 0;

  /** @param open opens one session of a target. */
  constructor(
    private current: Target,
    open: (target: Target, signal: AbortSignal) => Promise<Session>,
    budget: SessionBudget,
  ) {
    this.size = current.pool.size;
    this.pool = new SessionPool(
      limitsOf(current, this.size),
      (signal) => this.again(signal, () => open(this.current, signal)),
      budget,
    );
    this.breaker = circuitBreaker(handleWhen(countsAgainstSource), {
      halfOpenAfter: HALF_OPEN_MS,
      breaker: new ConsecutiveBreaker(BREAK_AFTER),
    });
  }

  get target(): Target {
    return this.current;
  }

  /**
   * Runs `work` with a session. After five transient faults in a row callers are refused at once for ten seconds, then
   * one may try.
   */
  async use<T>(
    { deadlineMs, signal, idempotent = false, shared = false }: UseOptions,
    work: (session: Session, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const until = performance.now() + deadlineMs;
    const together = shared || this.current.definition.concurrency === 'shared';
    const once = (): Promise<T> =>
      this.guarded(() =>
        withDeadline(Math.max(1, Math.ceil(until - performance.now())), signal, (inner) =>
          this.pool.use(inner, (session) => work(session, inner), together),
        ),
      );
    return idempotent || shared ? this.again(signal, once, until) : once();
  }

  report(): PoolReport {
    return { ...this.pool.stats(), breaker: stateOf(this.breaker) };
  }

  get oldestIdle(): number {
    return this.pool.oldestIdle;
  }

  evictOne(): boolean {
    return this.pool.evictOne();
  }

  /** Takes other pool settings of the same source; calls that are under way notice nothing. */
  reconfigure(target: Target): void {
    this.current = target;
    this.size = target.pool.size;
    this.pool.resize(limitsOf(target, this.size));
  }

  /** Grows or shrinks the pool by how it was used since the last time, where its source allows more than its size. */
  adapt(): void {
    const { size: base, max_size: max = base } = this.current.pool;
    if (max <= base || this.current.definition.concurrency === 'shared') return;
    const { in_use: inUse, waiting, wait_p95_ms: waitP95Ms, failed } = this.pool.stats();
    const load = {
      size: this.size,
      base,
      max,
      inUse,
      waiting,
      waitP95Ms,
      failed: failed - this.failedBefore,
    };
    const size = nextSize(load);
    this.failedBefore = failed;
    this.pool.forgetWaits();
    if (size === this.size) return;
    this.size = size;
    this.pool.resize(limitsOf(this.current, size));
  }

  /** Closes what is too old; gives back whether nothing of the pool must be kept. */
  sweep(now: number): boolean {
    return this.pool.sweep(now) && this.breaker.state === CircuitState.Closed;
  }

  drain(): void {
    this.pool.drain();
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  /** One probe at a time goes through a circuit that is half open; cockatiel would let others wait for its end. */
  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    if (this.breaker.state === CircuitState.HalfOpen) throw leftAlone();
    try {
      return await this.breaker.execute(work);
    } catch (error) {
      throw error instanceof BrokenCircuitError ? leftAlone() : error;
    }
  }

  /** Does harmless work again where the source was not reached or the line broke, as often as the source allows. */
  private again<T>(signal: AbortSignal | undefined, work: () => Promise<T>, until = Infinity): Promise<T> {
    const { max_retries: maxAttempts } = this.current.pool;
    if (maxAttempts === 0) return work();
    const policy = retry(
      handleWhen((error) => isLost(error) && this.isClosed() && performance.now() + MAX_BACKOFF_MS < until),
      {
        maxAttempts,
        backoff: new ExponentialBackoff({ initialDelay: FIRST_BACKOFF_MS, maxDelay: MAX_BACKOFF_MS }),
      },
    );
    return policy.execute(work, signal);
  }

  private isClosed(): boolean {
    return this.breaker.state === CircuitState.Closed;
  }
}

function limitsOf({ pool, definition }: Target, size: number): PoolLimits {
  const { connect_timeout_ms: connectMs, max_retries: retries } = pool;
  const shared = definition.concurrency === 'shared';
  return {
    size: shared ? 1 : size,
    minIdle: Math.min(pool.min_size ?? 0, size),
    // One session of such a connector serves all; the size bounds how many at once.
    sharing: shared ? size : SHARING,
    queue: QUEUE,
    idleMs: IDLE_MS,
    lifetimeMs: pool.max_lifetime_ms ?? LIFETIME_MS,
    openMs: (connectMs + MAX_BACKOFF_MS) * (retries + 1),
  };
}

function isLost(error: unknown): boolean {
  return error instanceof AppError && error.code === 'UNREACHABLE';
}

/** Only faults of the source itself open a breaker: a wrong password or a full queue of ours does not. */
function countsAgainstSource(error: Error): boolean {
  return error instanceof AppError && error.blame === 'transient' && error.code !== 'BUSY';
}

function leftAlone(): AppError {
  return new AppError('UNREACHABLE', 'The source failed several times in a row and is left alone for now.', {
    retryAfterS: HALF_OPEN_MS / 1_000,
  });
}

function stateOf(breaker: CircuitBreakerPolicy): BreakerState {
  if (breaker.state === CircuitState.Closed) return 'closed';
  return breaker.state === CircuitState.HalfOpen ? 'half_open' : 'open';
}
