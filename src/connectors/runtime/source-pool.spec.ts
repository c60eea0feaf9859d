import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { ConnectorDefinition, Session } from '../spi/index.js';
import type { SessionBudget } from './session-budget.js';
import { SourcePool } from './source-pool.js';
import type { PoolSettings, Target } from './target.types.js';

const session: Session = {
  server: { product: 'Test', version: '1' },
  usable: true,
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};
const plenty: SessionBudget = { take: () => true, giveBack: () => undefined };
const POOL: PoolSettings = { size: 1, connect_timeout_ms: 1_000, query_timeout_ms: 1_000, max_retries: 0 };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function targetOf(pool: Partial<PoolSettings>, concurrency: 'exclusive' | 'shared' = 'exclusive'): Target {
  return {
    orgId: 'o',
    definition: { type: 't', concurrency } as unknown as ConnectorDefinition,
    config: {},
    pool: { ...POOL, ...pool },
  };
}

function poolOf(
  pool: Partial<PoolSettings>,
  open: () => Promise<Session> = () => Promise.resolve(session),
): SourcePool {
  return new SourcePool(targetOf(pool), open, plenty);
}

/** Opens after so many failures of a code; gives back how often it was tried, and how it ended. */
async function tries(failures: number, code: 'UNREACHABLE' | 'AUTH_FAILED', retries: number) {
  let tried = 0;
  const pool = poolOf({ max_retries: retries }, () =>
    ++tried > failures ? Promise.resolve(session) : Promise.reject(new AppError(code, 'on purpose')),
  );
  const ended = await pool
    .use({ deadlineMs: 20_000 }, () => Promise.resolve('worked'))
    .catch((error: unknown) => (error instanceof AppError ? error.code : error));
  return [tried, ended];
}

describe('a source pool', () => {
  it('tries a refused connection again, as often as the source allows', async () => {
    expect(await tries(2, 'UNREACHABLE', 3)).toEqual([3, 'worked']);
    expect(await tries(5, 'UNREACHABLE', 1)).toEqual([2, 'UNREACHABLE']);
    expect(await tries(5, 'UNREACHABLE', 0)).toEqual([1, 'UNREACHABLE']);
  });

  it('sends a refused password once: accounts lock themselves', async () => {
    expect(await tries(1, 'AUTH_FAILED', 3)).toEqual([1, 'AUTH_FAILED']);
  });

  it.each([
    [true, 3, 'worked'],
    [false, 1, 'UNREACHABLE'],
  ])('does work again after a lost line where it may be: %s', async (idempotent, times, end) => {
    const pool = poolOf({ max_retries: 3 });
    let tried = 0;
    const ended = await pool
      .use({ deadlineMs: 20_000, idempotent }, () =>
        ++tried < 3 ? Promise.reject(new AppError('UNREACHABLE', 'reset')) : Promise.resolve('worked'),
      )
      .catch((error: unknown) => (error as AppError).code);
    expect([tried, ended]).toEqual([times, end]);
  });

  it('leaves a source alone after five transient faults, and counts no others', async () => {
    const pool = poolOf({});
    const fail = (code: 'QUERY_FAILED' | 'TIMEOUT') =>
      pool.use({ deadlineMs: 1_000 }, () => Promise.reject(new AppError(code, 'no'))).catch(() => undefined);
    for (let i = 0; i < 10; i++) await fail('QUERY_FAILED');
    expect(pool.report().breaker).toBe('closed');
    for (let i = 0; i < 5; i++) await fail('TIMEOUT');
    expect(pool.report().breaker).toBe('open');
    let reached = false;
    const late = pool.use({ deadlineMs: 1_000 }, () => Promise.resolve((reached = true)));
    await expect(late).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(reached).toBe(false);
  });

  it('lets as many callers as its size use the one session of a connector that serves all', async () => {
    let opened = 0;
    const pool = new SourcePool(
      targetOf({ size: 3 }, 'shared'),
      () => Promise.resolve((opened++, session)),
      plenty,
    );
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const calls = [1, 2, 3, 4].map(() => pool.use({ deadlineMs: 5_000 }, () => gate));
    await settle();
    expect(pool.report()).toMatchObject({ open: 1, in_use: 1, waiting: 1 });
    release();
    await Promise.all(calls);
    expect(opened).toBe(1);
  });

  it('grows while callers wait as far as its source allows, and shrinks again', async () => {
    const pool = poolOf({ size: 2, max_size: 4 });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const calls = Array.from({ length: 8 }, () => pool.use({ deadlineMs: 5_000 }, () => gate));
    await settle();
    expect(pool.report()).toMatchObject({ size: 2, in_use: 2, waiting: 6 });
    for (const size of [3, 4, 4]) {
      pool.adapt();
      await settle();
      expect(pool.report()).toMatchObject({ size, in_use: size });
    }
    release();
    await Promise.all(calls);
    for (const size of [3, 2, 2]) {
      pool.adapt();
      expect(pool.report()).toMatchObject({ size, open: size });
    }
  });

  it('takes other settings while it works', async () => {
    const pool = poolOf({ size: 1 });
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const calls = [1, 2].map(() => pool.use({ deadlineMs: 5_000 }, () => gate));
    await settle();
    expect(pool.report()).toMatchObject({ in_use: 1, waiting: 1 });
    pool.reconfigure(targetOf({ size: 2 }));
    await settle();
    expect(pool.report()).toMatchObject({ size: 2, in_use: 2, waiting: 0, resizes: 1 });
    release();
    await Promise.all(calls);
  });
});
