import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createHmac, randomBytes } from 'node:crypto';
import { Config } from '../../platform/config/config.js';
import type { Session } from '../spi/index.js';
import { Opener } from './opener.service.js';
import { SessionCounts } from './session-budget.js';
import { SourcePool, type PoolReport, type UseOptions } from './source-pool.js';
import type { Target } from './target.types.js';

export type { PoolReport, UseOptions } from './source-pool.js';

const SWEEP_MS = 5_000;
const ADAPT_MS = 1_000;

/**
 * The pools of the process. Sources of one organization with equal settings and secrets share a pool: the key is a MAC
 * under a random key of the process, so that it tells nothing about a secret.
 */
@Injectable()
export class SessionPools implements OnApplicationShutdown {
  private readonly macKey = randomBytes(32);
  private readonly pools = new Map<string, SourcePool>();
  private readonly counts: SessionCounts;
  private readonly timers = [
    setInterval(() => this.sweep(), SWEEP_MS).unref(),
    setInterval(() => this.adapt(), ADAPT_MS).unref(),
  ];

  constructor(
    private readonly opener: Opener,
    { sessions }: Config,
  ) {
    this.counts = new SessionCounts(sessions, (orgId) => this.evict(orgId));
  }

  /** The key of the pool that serves a target. What is dialled and how it is pooled stand in parts of their own. */
  keyOf(target: Target): string {
    return `${this.lineKey(target)} ${JSON.stringify(target.pool)}`;
  }

  /**
   * Runs `work` with a pooled session of the target.
   *
   * @throws AppError of a connector code; UNREACHABLE at once where the source failed five times in a row, BUSY where no
   *   session is free in time.
   */
  use<T>(
    key: string,
    target: Target,
    options: UseOptions,
    work: (session: Session, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    let pool = this.pools.get(key);
    if (!pool) {
      pool = new SourcePool(
        target,
        (now, signal) => this.opener.open(now, signal),
        this.counts.of(target.orgId),
      );
      this.pools.set(key, pool);
    }
    return pool.use(options, work);
  }

  /** The target of a pool that exists. */
  target(key: string): Target | undefined {
    return this.pools.get(key)?.target;
  }

  /** The pool behind a key; nothing where it has not been used lately. */
  report(key: string): PoolReport | undefined {
    return this.pools.get(key)?.report();
  }

  /** Sessions of all pools together. */
  totals(): { pools: number; open: number; in_use: number; waiting: number } {
    const totals = { pools: this.pools.size, open: 0, in_use: 0, waiting: 0 };
    for (const pool of this.pools.values()) {
      const { open, in_use, waiting } = pool.report();
      totals.open += open;
      totals.in_use += in_use;
      totals.waiting += waiting;
    }
    return totals;
  }

  /**
   * Puts a target in the place of what a pool serves now. Other pool settings take effect on the live pool; another
   * destination or other secrets get a pool of their own, and the old one ends when those who wait there are served.
   */
  replace(key: string, target: Target): void {
    const pool = this.pools.get(key);
    if (!pool) return;
    const next = this.keyOf(target);
    this.pools.delete(key);
    if (this.lineKey(target) === this.lineKey(pool.target) && !this.pools.has(next)) {
      pool.reconfigure(target);
      this.pools.set(next, pool);
    } else {
      pool.drain();
    }
  }

  /** Closes a pool whose source is to be left alone; what it is opening comes to its end. */
  async drop(key: string): Promise<void> {
    const pool = this.pools.get(key);
    this.pools.delete(key);
    await pool?.close();
  }

  async onApplicationShutdown(): Promise<void> {
    this.timers.forEach(clearInterval);
    await Promise.all([...this.pools.keys()].map((key) => this.drop(key)));
  }

  private lineKey({ orgId, definition, config }: Target): string {
    return createHmac('sha256', this.macKey)
      .update(JSON.stringify([orgId, definition.type, config]))
      .digest('base64url');
  }

  private sweep(): void {
    const now = performance.now();
    for (const [key, pool] of this.pools) if (pool.sweep(now)) this.pools.delete(key);
  }

  private adapt(): void {
    for (const pool of this.pools.values()) pool.adapt();
  }

  /** Closes the session that has been idle for longest, of an organization or of all. */
  private evict(orgId?: string): boolean {
    let oldest: SourcePool | undefined;
    for (const pool of this.pools.values())
      if (
        (orgId === undefined || pool.target.orgId === orgId) &&
        pool.oldestIdle < (oldest?.oldestIdle ?? Infinity)
      )
        oldest = pool;
    return oldest?.evictOne() ?? false;
  }
}
