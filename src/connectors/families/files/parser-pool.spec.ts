import { afterAll, describe, expect, test } from '@jest/globals';
import { AppError } from '../../../common/app-error.js';
import type { AnalysisTask } from './analysis.js';
import { analyzeSample, closeParsers, withParserSlot } from './parser-pool.js';

const signal = new AbortController().signal;
afterAll(() => closeParsers());

function task(text: string): AnalysisTask {
  const bytes = new Uint8Array(Buffer.from(text));
  return { format: 'csv', sample: { size: bytes.length, pieces: [{ offset: 0, bytes }] }, options: {} };
}

/** Takes a thread some seconds. */
const slow = (): AnalysisTask => task('a,b\n' + '2024-01-01 10:00:00,"x"\n'.repeat(4_000_000));

describe('the parser threads', () => {
  test('analyse, and tell faults as such', async () => {
    const { fields } = await analyzeSample(task('a,b\n1,2\n'), signal);
    expect(fields.map(({ name, type }) => [name, type])).toEqual([
      ['a', 'integer'],
      ['b', 'integer'],
    ]);
    await expect(analyzeSample(task('a\u0000b'), signal)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      details: { hint: expect.stringContaining('encoding') },
    });
  });

  test('take the bytes for themselves', async () => {
    const { format, sample, options } = task('a,b\n1,2\n');
    await analyzeSample({ format, sample, options } as AnalysisTask, signal);
    expect(sample.pieces[0]?.bytes.length).toBe(0);
  });

  test('stop in the middle of their work when the caller leaves, and serve the next', async () => {
    const caller = new AbortController();
    const work = analyzeSample(slow(), caller.signal);
    const settled = work.then(
      () => 'done',
      (error: unknown) => (error as AppError).code,
    );
    // Another task on the second thread proves that the first is under way.
    await analyzeSample(task('a\n1\n'), signal);
    const from = Date.now();
    caller.abort(new AppError('CANCELLED', 'enough'));
    expect(await settled).toBe('CANCELLED');
    expect(Date.now() - from).toBeLessThan(2_000);
    expect((await analyzeSample(task('a\n1\n'), signal)).rowEstimate).toBe(1);
  });

  test('end at once on a graceful stop, and start anew', async () => {
    const work = analyzeSample(slow(), signal).then(
      () => 'done',
      (error: unknown) => (error as AppError).code,
    );
    await analyzeSample(task('a\n1\n'), signal);
    await closeParsers();
    await closeParsers();
    expect(await work).toBe('CANCELLED');
    expect((await analyzeSample(task('a\n1\n'), signal)).rowEstimate).toBe(1);
  });
});

describe('slots', () => {
  test('let two work, the others in their order, and forget who left', async () => {
    const order: string[] = [];
    const open = new Map<string, () => void>();
    const start = (name: string, left = signal) => {
      const gate = new Promise<void>((resolve) => open.set(name, resolve));
      const work = (): Promise<void> => {
        order.push(name);
        return gate;
      };
      return withParserSlot(left, work).catch((error: unknown) =>
        order.push(`${name} ${(error as AppError).code}`),
      );
    };
    const leaving = new AbortController();
    const all = [start('a'), start('b'), start('c', leaving.signal), start('d'), start('e')];
    expect(order).toEqual(['a', 'b']);
    leaving.abort(new AppError('CANCELLED', 'left'));
    await all[2];
    for (const name of ['b', 'a', 'd', 'e']) open.get(name)?.();
    await Promise.all(all);
    expect(order).toEqual(['a', 'b', 'c CANCELLED', 'd', 'e']);
  });

  test('are given back when the work fails', async () => {
    for (let times = 0; times < 5; times++)
      await expect(withParserSlot(signal, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withParserSlot(signal, () => Promise.resolve(1))).toBe(1);
  });
});
