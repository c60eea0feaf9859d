import { setTimeout as pause } from 'node:timers/promises';

/** Waits until `condition` holds, looking every 10 ms; fails with `what` after `ms` milliseconds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = 5_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${String(ms)} ms: ${what}`);
    await pause(10);
  }
}
