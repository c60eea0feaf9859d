import { describe, expect, test } from '@jest/globals';
import type { AppError } from '../../common/app-error.js';
import { Meter, SilenceWatch } from './meter.js';

describe('a watched line', () => {
  /** Resolves with the first fault; the timer of a watch does not keep a process, so something else must. */
  async function firstFault(
    ms: number,
    start: (watch: SilenceWatch, meter: Meter) => void,
  ): Promise<AppError> {
    const awake = setInterval(() => undefined, 1_000);
    try {
      return await new Promise((resolve) => {
        const meter = new Meter(100);
        start(new SilenceWatch(meter, ms, resolve), meter);
      });
    } finally {
      clearInterval(awake);
    }
  }

  test('is lost where no byte comes while an answer is due', async () => {
    const fault = await firstFault(20, (watch) => watch.begin());
    expect(fault).toMatchObject({ code: 'TIMEOUT', retryable: true });
  });

  test('is well as long as bytes come, longer than a silence may be', async () => {
    let received = 0;
    await firstFault(300, (watch, meter) => {
      watch.begin();
      const bytes = setInterval(() => {
        meter.add(1);
        received = meter.received;
        if (received === 20) clearInterval(bytes);
      }, 20);
    });
    expect(received).toBe(20);
  });

  test('is well where nothing is due', async () => {
    const rest = new SilenceWatch(new Meter(100), 1, () => {
      throw new Error('Nothing was due.');
    });
    await firstFault(20, (watch) => {
      rest.begin();
      rest.begin();
      rest.end();
      rest.end();
      watch.begin();
    });
  });

  test('counts the bytes of one answer, not of all', () => {
    const meter = new Meter(10);
    const watch = new SilenceWatch(meter, 1_000, () => undefined);
    for (let answer = 0; answer < 3; answer += 1) {
      watch.begin();
      meter.add(10);
      watch.end();
    }
    expect(() => meter.add(11)).toThrow('far more than was asked for');
  });
});
