import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
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
import { createHmac, randomBytes } from 'node:crypto';
import { AppError } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import type { Session } from '../spi/index.js';
import { Opener } from './opener.service.js';
import { SessionPool, type PoolStats } from './session-pool.js';
import type { Target } from './target.types.js';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface PoolReport extends PoolStats {
  readonly breaker: BreakerState;
}

/** Callers that may wait for a session, as a multiple of the pool's size. */
const QUEUE_PER_SESSION = 20;
const IDLE_MS = 90_000;
const SWEEP_MS = 5_000;
/** Idle sessions of the whole process; beyond it the ones that were idle for longest go. */
const MAX_IDLE = 400;
const BREAK_AFTER = 5;
const HALF_OPEN_MS = 10_000;
/** Longest pause before a refused connection is tried again. */
const MAX_BACKOFF_MS = 2_000;

interface Entry {
  readonly pool: SessionPool;
  readonly breaker: CircuitBreakerPolicy;
  readonly target: Target;
}

/**
 * The pools of the process. Sources of one organization with equal settings and secrets share a pool: the key is a MAC
 * under a random key of the process, so that it tells nothing about a secret.
 */
@Injectable()
export class SessionPools implements OnApplicationShutdown {
  private readonly macKey = randomBytes(32);
  private readonly entries = new Map<string, Entry>();
  private readonly sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref();

  constructor(private readonly opener: Opener) {}

  /** The key of the pool that serves a target. */
  keyOf({ orgId, definition, config, pool }: Target): string {
    return createHmac('sha256', this.macKey)
      .update(JSON.stringify([orgId, definition.type, config, pool]))
      .digest('base64url');
  }

  /**
   * Runs `work` with a pooled session of the target, under a deadline in milliseconds for waiting and work together.
   * After five transient faults in a row callers are refused at once for ten seconds, then one may try.
   */
  async use<T>(
    key: string,
    target: Target,
    { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
    work: (session: Session, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { pool, breaker } = this.entry(key, target);
    try {
      return await breaker.execute(() =>
        withDeadline(deadlineMs, signal, (inner) => pool.use(inner, (session) => work(session, inner))),
      );
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw new AppError(
          'UNREACHABLE',
          'The source failed several times in a row and is left alone for now.',
          {
            retryAfterS: HALF_OPEN_MS / 1_000,
          },
        );
      throw error;
    }
  }

  /** The target of a pool that exists. */
  target(key: string): Target | undefined {
    return this.entries.get(key)?.target;
  }

  /** The pool behind a key; nothing where it has not been used lately. */
  report(key: string): PoolReport | undefined {
    const entry = this.entries.get(key);
    return entry && { ...entry.pool.stats(), breaker: stateOf(entry.breaker) };
  }

  /** Sessions of all pools together. */
  totals(): { pools: number; open: number; in_use: number; waiting: number } {
    const totals = { pools: this.entries.size, open: 0, in_use: 0, waiting: 0 };
    for (const { pool } of this.entries.values()) {
      const { open, in_use, waiting } = pool.stats();
      totals.open += open;
      totals.in_use += in_use;
      totals.waiting += waiting;
    }
    return totals;
  }

  /** Closes a pool whose settings or secrets are not the source's any more; what it is opening comes to its end. */
  async drop(key: string): Promise<void> {
    const entry = this.entries.get(key);
    this.entries.delete(key);
    await entry?.pool.close();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.sweeper);
    await Promise.all([...this.entries.keys()].map((key) => this.drop(key)));
  }

  private entry(key: string, target: Target): Entry {
    let entry = this.entries.get(key);
    if (!entry) {
      const { size, connect_timeout_ms: connectMs, max_retries: retries } = target.pool;
      const shared = target.definition.concurrency === 'shared';
      entry = {
        target,
        pool: new SessionPool(
          {
            size: shared ? 1 : size,
            queue: size * QUEUE_PER_SESSION,
            idleMs: IDLE_MS,
            openMs: (connectMs + MAX_BACKOFF_MS) * (retries + 1),
          },
          (signal) => this.open(target, signal),
        ),
        breaker: circuitBreaker(handleWhen(countsAgainstSource), {
          halfOpenAfter: HALF_OPEN_MS,
          breaker: new ConsecutiveBreaker(BREAK_AFTER),
        }),
      };
      this.entries.set(key, entry);
    }
    return entry;
  }

  /** Opens a session; a refused connection is tried again with growing pauses, which is harmless: nothing was sent yet. */
  private open(target: Target, signal: AbortSignal): Promise<Session> {
    if (target.pool.max_retries === 0) return this.opener.open(target, signal);
    const again = retry(
      handleWhen((error) => error instanceof AppError && error.code === 'UNREACHABLE'),
      {
        maxAttempts: target.pool.max_retries,
        backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: MAX_BACKOFF_MS }),
      },
    );
    return again.execute(() => this.opener.open(target, signal), signal);
  }

  private sweep(): void {
    const now = performance.now();
    let idle = 0;
    for (const [key, { pool, breaker }] of this.entries) {
      if (pool.sweep(now) && breaker.state === CircuitState.Closed) this.entries.delete(key);
      idle += pool.stats().idle;
    }
    for (; idle > MAX_IDLE; idle--) {
      const pools = [...this.entries.values()].map(({ pool }) => pool);
      pools.reduce((a, b) => (b.oldestIdle < a.oldestIdle ? b : a)).evictOne();
    }
  }
}

/** Only faults of the source itself open a breaker: a wrong password or a full queue of ours does not. */
function countsAgainstSource(error: Error): boolean {
  return error instanceof AppError && error.blame === 'transient' && error.code !== 'BUSY';
}

function stateOf(breaker: CircuitBreakerPolicy): BreakerState {
  if (breaker.state === CircuitState.Closed) return 'closed';
  return breaker.state === CircuitState.HalfOpen ? 'half_open' : 'open';
}
