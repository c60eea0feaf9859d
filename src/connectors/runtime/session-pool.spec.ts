import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { Session } from '../spi/index.js';
import type { SessionBudget } from './session-budget.js';
import { SessionPool, type PoolLimits } from './session-pool.js';

/** A session of ours that counts what is done to it. */
class FakeSession implements Session {
  readonly server = { product: 'fake', version: '1' };
  usable = true;
  closed = false;

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

const LIMITS: PoolLimits = {
  size: 1,
  minIdle: 0,
  sharing: 1,
  queue: 10,
  idleMs: 1_000,
  lifetimeMs: 60_000,
  openMs: 60_000,
};
const plenty: SessionBudget = { take: () => true, giveBack: () => undefined };

function makePool(size: number, limits: Partial<PoolLimits> = {}, fail: () => boolean = () => false) {
  const opened: FakeSession[] = [];
  const pool = new SessionPool(
    { ...LIMITS, size, ...limits },
    () => {
      if (fail()) return Promise.reject(new AppError('UNREACHABLE', 'no'));
      const session = new FakeSession();
      opened.push(session);
      return Promise.resolve(session);
    },
    plenty,
  );
  return { pool, opened };
}

/** A pool whose openings end only when they are told to; gives back the signals that they were opened under. */
function slowPool(size: number, openMs = 60_000) {
  const signals: AbortSignal[] = [];
  const opened: FakeSession[] = [];
  const finish: ((fault?: Error) => void)[] = [];
  const pool = new SessionPool(
    { ...LIMITS, size, openMs },
    (inner) => {
      signals.push(inner);
      return new Promise((resolve, reject) =>
        finish.push((fault) => {
          const session = new FakeSession();
          if (fault) {
            reject(fault);
          } else {
            opened.push(session);
            resolve(session);
          }
        }),
      );
    },
    plenty,
  );
  return { pool, signals, opened, finish };
}

const signal = (): AbortSignal => new AbortController().signal;
/** Work that goes on until it is let go. */
function held() {
  let release = (): void => undefined;
  const done = new Promise<void>((resolve) => (release = resolve));
  return { done, release };
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a session pool', () => {
  it('uses one session again and again', async () => {
    const { pool, opened } = makePool(5);
    for (let i = 0; i < 10; i++) await pool.use(signal(), () => Promise.resolve());
    expect(opened).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1, in_use: 0, created: 1 });
  });

  it('never has more than its size, and serves in the order of arrival', async () => {
    const { pool, opened } = makePool(2);
    const order: number[] = [];
    const gates = Array.from({ length: 6 }, held);
    const calls = gates.map(({ done }, i) =>
      pool.use(signal(), async () => {
        order.push(i);
        await done;
      }),
    );
    await settle();
    expect(pool.stats()).toMatchObject({ in_use: 2, waiting: 4 });
    for (const { release } of gates) {
      release();
      await settle();
    }
    await Promise.all(calls);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(opened).toHaveLength(2);
  });

  it('says BUSY when the queue is full and when waiting took too long', async () => {
    const { pool } = makePool(1, { queue: 1 });
    const gate = held();
    const first = pool.use(signal(), () => gate.done);
    await settle();
    const impatient = new AbortController();
    const second = pool.use(impatient.signal, () => Promise.resolve());
    await expect(pool.use(signal(), () => Promise.resolve())).rejects.toMatchObject({ code: 'BUSY' });
    impatient.abort();
    await expect(second).rejects.toMatchObject({ code: 'BUSY' });
    gate.release();
    await first;
    expect(pool.stats()).toMatchObject({ waiting: 0, in_use: 0, idle: 1 });
  });

  it('does not hand out a session whose work was cut off or whose line broke', async () => {
    const { pool, opened } = makePool(1);
    const cut = new AbortController();
    await pool.use(cut.signal, () => {
      cut.abort();
      return Promise.resolve();
    });
    expect(opened[0]?.closed).toBe(true);
    await pool.use(signal(), () => Promise.resolve());
    const second = opened[1];
    if (second) second.usable = false;
    await pool.use(signal(), () => Promise.resolve());
    expect(opened).toHaveLength(3);
    expect(second?.closed).toBe(true);
  });

  it('opens once while nothing is open, and tells the fault to all who wait', async () => {
    const { pool, signals, finish } = slowPool(5);
    const calls = [1, 2, 3].map(() => pool.use(signal(), () => Promise.resolve()));
    await settle();
    expect(signals).toHaveLength(1);
    finish[0]?.(new AppError('AUTH_FAILED', 'no'));
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => end.status === 'rejected' && (end.reason as AppError).code)).toEqual([
      'AUTH_FAILED',
      'AUTH_FAILED',
      'AUTH_FAILED',
    ]);
    expect(signals).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ failed: 1, open: 0, waiting: 0 });
  });

  it('serves those who wait with what is open where the source lets no more in', async () => {
    let full = false;
    const { pool, opened } = makePool(5, {}, () => full);
    const gate = held();
    const first = pool.use(signal(), () => gate.done);
    await settle();
    full = true;
    const second = pool.use(signal(), () => Promise.resolve('served'));
    await settle();
    expect(pool.stats()).toMatchObject({ failed: 1, waiting: 1 });
    gate.release();
    await first;
    await expect(second).resolves.toBe('served');
    expect(opened).toHaveLength(1);
  });

  it('ends openings when it closes, and closes what opens all the same', async () => {
    const { pool, signals, opened, finish } = slowPool(1);
    const first = pool.use(signal(), () => Promise.resolve('served'));
    const second = pool.use(signal(), () => Promise.resolve('served'));
    await settle();
    await pool.close();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    await expect(first).rejects.toMatchObject({ code: 'BUSY' });
    await expect(second).rejects.toMatchObject({ code: 'BUSY' });
    finish[0]?.();
    await settle();
    expect(opened[0]?.closed).toBe(true);
    expect(pool.stats()).toMatchObject({ open: 0, in_use: 0, waiting: 0 });
  });

  it('ends an opening that nobody waits for any more, and not one that somebody does', async () => {
    const { pool, signals, opened, finish } = slowPool(1);
    const leaver = new AbortController();
    const first = pool.use(leaver.signal, () => Promise.resolve('first'));
    const second = pool.use(signal(), () => Promise.resolve('second'));
    await settle();
    leaver.abort(new AppError('TIMEOUT', 'left'));
    // The source did not let us in: that is no queue of ours.
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    finish[0]?.();
    await expect(second).resolves.toBe('second');
    expect(opened.map(({ closed }) => closed)).toEqual([false]);

    const other = slowPool(1);
    const impatient = new AbortController();
    const only = other.pool.use(impatient.signal, () => Promise.resolve());
    await settle();
    impatient.abort(new AppError('TIMEOUT', 'left'));
    await expect(only).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(other.signals.map(({ aborted }) => aborted)).toEqual([true]);
    other.finish[0]?.();
    await settle();
    expect(other.opened[0]?.closed).toBe(true);
    expect(other.pool.stats()).toMatchObject({ open: 0, waiting: 0 });
  });

  it('gives an opening only so much time, whoever it is for', async () => {
    const { pool, signals } = slowPool(1, 20);
    const first = pool.use(signal(), () => Promise.resolve());
    const second = pool.use(signal(), () => Promise.resolve());
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(pool.sweep(performance.now())).toBe(true);
  });

  it('closes what was idle for too long, and everything at the end', async () => {
    const { pool, opened } = makePool(2);
    await pool.use(signal(), () => Promise.resolve());
    expect(pool.sweep(performance.now())).toBe(false);
    expect(pool.sweep(performance.now() + 1_001)).toBe(true);
    expect(opened[0]?.closed).toBe(true);
    await pool.use(signal(), () => Promise.resolve());
    await pool.close();
    expect(opened[1]?.closed).toBe(true);
    await expect(pool.use(signal(), () => Promise.resolve())).rejects.toMatchObject({ code: 'BUSY' });
  });

  it('takes another size at once, and ends what is too much when it comes back', async () => {
    const { pool, opened } = makePool(2);
    const gates = Array.from({ length: 6 }, held);
    const calls = gates.map(({ done }) => pool.use(signal(), () => done));
    await settle();
    expect(pool.stats()).toMatchObject({ in_use: 2, waiting: 4 });
    pool.resize({ ...LIMITS, size: 5 });
    await settle();
    expect(pool.stats()).toMatchObject({ size: 5, in_use: 5, waiting: 1, resizes: 1 });
    pool.resize({ ...LIMITS, size: 1 });
    for (const { release } of gates) {
      release();
      await settle();
    }
    await Promise.all(calls);
    expect(pool.stats()).toMatchObject({ size: 1, open: 1, idle: 1, waiting: 0, resizes: 2 });
    expect(opened.filter(({ closed }) => !closed)).toHaveLength(1);
  });

  it('lets callers who agree to it share a session, and nobody else', async () => {
    const { pool, opened } = makePool(1, { sharing: 3 });
    const gates = Array.from({ length: 4 }, held);
    const calls = gates.map(({ done }) => pool.use(signal(), () => done, true));
    await settle();
    expect(opened).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ in_use: 1, waiting: 1 });
    const alone = held();
    const exclusive = pool.use(signal(), () => alone.done);
    gates[0]?.release();
    await settle();
    // The fourth has taken the place that became free; the exclusive caller waits until all have left.
    expect(pool.stats()).toMatchObject({ in_use: 1, waiting: 1 });
    gates.forEach(({ release }) => release());
    await Promise.all(calls);
    const late = pool.use(signal(), () => Promise.resolve('late'), true);
    await settle();
    expect(pool.stats()).toMatchObject({ in_use: 1, waiting: 1 });
    alone.release();
    await exclusive;
    await expect(late).resolves.toBe('late');
    expect(opened).toHaveLength(1);
  });

  it('gives a shared session on which somebody was cut off to no one else', async () => {
    const { pool, opened } = makePool(1, { sharing: 3 });
    const gate = held();
    const cut = new AbortController();
    const stays = pool.use(signal(), () => gate.done, true);
    await settle();
    const leave = (): Promise<void> => {
      cut.abort();
      return Promise.resolve();
    };
    await pool.use(cut.signal, leave, true);
    const next = pool.use(signal(), () => Promise.resolve(), true);
    await settle();
    expect(opened[0]?.closed).toBe(false);
    gate.release();
    await Promise.all([stays, next]);
    expect(opened.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('replaces a session that has grown old, and keeps as many idle ones as it is told to', async () => {
    const { pool, opened } = makePool(2, { minIdle: 1, lifetimeMs: 10_000 });
    const gate = held();
    const calls = [pool.use(signal(), () => gate.done), pool.use(signal(), () => gate.done)];
    await settle();
    gate.release();
    await Promise.all(calls);
    pool.sweep(performance.now() + 2_000);
    expect(pool.stats()).toMatchObject({ open: 1, idle: 1 });
    pool.sweep(performance.now() + 10_001);
    expect(opened.every(({ closed }) => closed)).toBe(true);
  });

  it('serves who is there when it is drained, and then has nothing open', async () => {
    const { pool, opened } = makePool(1);
    const gate = held();
    const first = pool.use(signal(), () => gate.done);
    const second = pool.use(signal(), () => Promise.resolve('served'));
    await settle();
    pool.drain();
    gate.release();
    await first;
    await expect(second).resolves.toBe('served');
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
    expect(pool.stats()).toMatchObject({ open: 0, waiting: 0 });
  });
});
