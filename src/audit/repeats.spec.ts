import { describe, expect, test } from '@jest/globals';
import { Clock } from '../common/clock.js';
import { Repeats } from './repeats.js';

class SetClock extends Clock {
  at = 0;
  now(): Date {
    return new Date(this.at);
  }
  monotonic(): number {
    return this.at;
  }
}

describe('repeats', () => {
  test('are held back for a minute and counted', () => {
    const clock = new SetClock();
    const repeats = new Repeats(clock);
    expect(repeats.heldBack('a')).toBe(0);
    clock.at = 59_999;
    expect([repeats.heldBack('a'), repeats.heldBack('a'), repeats.heldBack('b')]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    clock.at = 60_000;
    expect(repeats.heldBack('a')).toBe(2);
    expect(repeats.heldBack('a')).toBeUndefined();
    clock.at = 120_000;
    expect(repeats.heldBack('a')).toBe(1);
    clock.at = 180_000;
    expect(repeats.heldBack('a')).toBe(0);
  });

  test('of more than a thousand things are forgotten, oldest first', () => {
    const repeats = new Repeats(new SetClock());
    for (let key = 0; key <= 1_000; key += 1) repeats.heldBack(String(key));
    expect([repeats.heldBack('1000'), repeats.heldBack('0')]).toEqual([undefined, 0]);
  });
});
