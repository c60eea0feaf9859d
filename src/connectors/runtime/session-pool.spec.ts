import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { Session } from '../spi/index.js';
import { SessionPool } from './session-pool.js';

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

function makePool(size: number, queue = 10, fail: () => boolean = () => false) {
  const opened: FakeSession[] = [];
  const pool = new SessionPool({ size, queue, idleMs: 1_000, openMs: 60_000 }, () => {
    if (fail()) return Promise.reject(new AppError('UNREACHABLE', 'no'));
    const session = new FakeSession();
    opened.push(session);
    return Promise.resolve(session);
  });
  return { pool, opened };
}

/** A pool whose openings end only when they are told to; gives back the signals that they were opened under. */
function slowPool(size: number, openMs = 60_000) {
  const signals: AbortSignal[] = [];
  const opened: FakeSession[] = [];
  const finish: (() => void)[] = [];
  const pool = new SessionPool({ size, queue: 10, idleMs: 1_000, openMs }, (inner) => {
    signals.push(inner);
    return new Promise((resolve) =>
      finish.push(() => {
        const session = new FakeSession();
        opened.push(session);
        resolve(session);
      }),
    );
  });
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
    const { pool } = makePool(1, 1);
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

  it('lets a waiter open where another failed to', async () => {
    let failing = true;
    const { pool } = makePool(1, 10, () => failing);
    const first = pool.use(signal(), () => Promise.resolve());
    const second = pool.use(signal(), () => Promise.resolve('served'));
    failing = false;
    await Promise.allSettled([first]);
    await expect(second).resolves.toBe('served');
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

  it('opens for a waiter as long as that waits, then for the next one', async () => {
    const { pool, signals, opened, finish } = slowPool(1);
    const leaver = new AbortController();
    const first = pool.use(leaver.signal, () => Promise.resolve('first'));
    const impatient = new AbortController();
    const second = pool.use(impatient.signal, () => Promise.resolve('second'));
    const third = pool.use(signal(), () => Promise.resolve('third'));
    await settle();
    leaver.abort(new AppError('TIMEOUT', 'left'));
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    impatient.abort(new AppError('TIMEOUT', 'left'));
    await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
    await settle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, false]);
    finish.forEach((end) => end());
    await expect(third).resolves.toBe('third');
    expect(opened.map(({ closed }) => closed)).toEqual([true, true, false]);
  });

  it('gives an opening only so much time, whoever it is for', async () => {
    const { pool, signals } = slowPool(1, 20);
    const first = pool.use(signal(), () => Promise.resolve());
    const second = pool.use(signal(), () => Promise.resolve());
    await expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
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
});
