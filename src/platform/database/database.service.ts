import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { nativeCode } from '../../common/native-code.js';
import { toDatabaseError } from './database-error.js';
import { LIMITS } from './limits.js';
import { readScoped } from './scoped-query.js';

/** An open transaction. Rows go in and out by `tx.query(sql, params)` or by TypeORM's repositories. */
export type Tx = EntityManager;

/** What waits for the commit of an open transaction. */
const AFTER_COMMIT = new WeakMap<Tx, (() => void)[]>();

/** SQLSTATE of a serialization failure and of a deadlock: the transaction left nothing behind. */
const COLLISIONS: ReadonlySet<string> = new Set(['40001', '40P01']);
const TRIES = 3;
const PAUSE_MS = 50;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The only way to the product's database. Each piece of work runs in a transaction under a role that owns nothing:
 * `datawave_app` sees the rows of one organization (row-level security), `datawave_scheduler` sees the queues of all and
 * nothing else. Both are set for the transaction only, so a connection that is shared or pooled carries nothing over.
 *
 * Faults of the database come out as AppError DATABASE_UNAVAILABLE and its like; see database-error.ts.
 */
@Injectable()
export class Database implements OnApplicationShutdown {
  constructor(@InjectDataSource() private readonly source: DataSource) {}

  /**
   * Calls `listener` once the transaction has committed, and never where it is rolled back. It must not throw, and what
   * it starts nobody waits for.
   */
  static afterCommit(tx: Tx, listener: () => void): void {
    AFTER_COMMIT.get(tx)?.push(listener);
  }

  /**
   * Runs `work` in one transaction that sees and writes the rows of `orgId` alone. Where two transactions collide the
   * server rolls one of them back, and its `work` runs again: it keeps nothing outside of the transaction.
   */
  inOrg<T>(orgId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transaction('datawave_app', orgId, work);
  }

  /** Runs `work` in one transaction over the queues of all organizations: `jobs`, `schedules`, `outbox`. */
  asScheduler<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.transaction('datawave_scheduler', '', work);
  }

  /**
   * One statement over the queues of all organizations, sent together with its scope as one message: polling is most of
   * what an idle process does. The server runs both as one transaction. There are no parameters: the text may hold
   * words and numbers of ours alone.
   */
  async sweep<Row>(sql: string): Promise<Row[]> {
    try {
      const answers: unknown = await this.pool.query(`${scope('datawave_scheduler', '')}; ${sql}`);
      return (answers as [QueryResult, QueryResult])[1].rows as Row[];
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  /**
   * One read in the organization, in a single round trip; see scoped-query.ts. Use it where a request needs just one
   * statement.
   */
  async readInOrg<Row>(orgId: string, sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    const scope = ['datawave_app', checked(orgId)] as const;
    let client: PoolClient | undefined;
    try {
      client = await this.pool.connect();
      const { rows } = await readScoped(client, scope, sql, params);
      client.release();
      return rows as Row[];
    } catch (error) {
      // A failed statement leaves a clean connection behind its Sync.
      client?.release(isLost(error));
      throw toDatabaseError(error);
    }
  }

  /** Whether the database answers now; used by readiness. */
  async ping(): Promise<boolean> {
    try {
      await this.pool.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** Connections of the product's own pool, for metrics. */
  poolStats(): { total: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.pool;
    return { total: totalCount, idle: idleCount, waiting: waitingCount };
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
  }

  private get pool(): Pool {
    return (this.source.driver as unknown as { master: Pool }).master;
  }

  private async transaction<T>(role: string, orgId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const setting = scope(role, orgId === '' ? '' : checked(orgId));
    for (let tries = 1; ; tries++) {
      try {
        const listeners: (() => void)[] = [];
        const result = await this.source.transaction(async (tx) => {
          AFTER_COMMIT.set(tx, listeners);
          await tx.query(setting);
          return work(tx);
        });
        listeners.forEach((listener) => listener());
        return result;
      } catch (error) {
        if (tries === TRIES || !COLLISIONS.has(nativeCode(error) ?? '')) throw toDatabaseError(error);
        await pause(Math.random() * tries * PAUSE_MS);
      }
    }
  }
}

/** `role` and `app.org_id` for this transaction; both values are checked words, so they can stand in the text. */
function scope(role: string, orgId: string): string {
  return `SELECT set_config('role', '${role}', true), set_config('app.org_id', '${orgId}', true), ${LIMITS}`;
}

function checked(orgId: string): string {
  if (!UUID.test(orgId)) throw new Error('An organization id is not a UUID.');
  return orgId;
}

function isLost(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(08|57)/.test(code);
}
