import { expect, it } from '@jest/globals';
import { SessionCounts } from './session-budget.js';

it('lets each organization and all together have so many sessions, and makes room where some are idle', () => {
  let idle = 0;
  const asked: (string | undefined)[] = [];
  const counts = new SessionCounts({ process: 3, organization: 2 }, (orgId) => {
    asked.push(orgId);
    if (idle === 0) return false;
    idle--;
    b.giveBack();
    return true;
  });
  const a = counts.of('a');
  const b = counts.of('b');
  expect([a.take(), a.take(), a.take()]).toEqual([true, true, false]);
  expect([b.take(), b.take()]).toEqual([true, false]);
  expect(asked).toEqual(['a', undefined]);
  idle = 1;
  expect(b.take()).toBe(true);
  a.giveBack();
  expect([a.take(), a.take()]).toEqual([true, false]);
});
