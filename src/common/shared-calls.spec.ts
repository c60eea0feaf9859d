import { expect, it } from '@jest/globals';
import { SharedCalls } from './shared-calls.js';

it('shares a call among those who ask while it runs, and its fault, and keeps neither', async () => {
  const calls = new SharedCalls<number>();
  let made = 0;
  const one = (): Promise<number> => Promise.resolve(++made);
  expect(await Promise.all([calls.get('a', one), calls.get('a', one), calls.get('b', one)])).toEqual([
    1, 1, 2,
  ]);
  expect(await calls.get('a', one)).toBe(3);
  const fail = (): Promise<number> => Promise.reject(new Error(`no ${String(++made)}`));
  const ends = await Promise.allSettled([calls.get('a', fail), calls.get('a', fail)]);
  expect(ends.map((end) => end.status === 'rejected' && (end.reason as Error).message)).toEqual([
    'no 4',
    'no 4',
  ]);
  expect(await calls.get('a', one)).toBe(5);
});
