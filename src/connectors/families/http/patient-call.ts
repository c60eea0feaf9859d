import { setTimeout as pause } from 'node:timers/promises';
import type { HttpAnswer, HttpCall, HttpLine } from './http-line.js';

const TRIES = 3;
const FIRST_PAUSE_MS = 100;
/** What a service answers when it has too much to do or fails for a moment. */
const PASSING = new Set([429, 500, 502, 503, 504]);

/**
 * A call that only reads, tried again a few times where the service says that it cannot for now; the last answer is given
 * whatever it is. Each try is made anew, as signatures hold the time. A line that is lost is not tried again.
 */
export async function patientCall(line: HttpLine, make: () => HttpCall): Promise<HttpAnswer> {
  for (let tried = 1; ; tried += 1) {
    const call = make();
    const answer = await line.call(call);
    if (!PASSING.has(answer.status) || tried === TRIES) return answer;
    // Spread, so that readers who were refused together do not come back together.
    const rest = FIRST_PAUSE_MS * 4 ** (tried - 1) * (0.5 + Math.random());
    await pause(rest, undefined, { signal: call.signal }).catch(() => call.signal.throwIfAborted());
  }
}
