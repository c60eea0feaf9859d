import type { ErrorCode } from '../../common/app-error.js';
import { toConnectorError, type CodeMap } from '../spi/index.js';

/** The part of a driver's line that is needed to leave it: not there where a line can be left without harm. */
interface Leavable {
  destroy?(): void;
}

/**
 * A call that was left must not keep its socket: no answer can be told apart from a late one any more. The line is
 * destroyed when the signal aborts, until the function is called that this gives back.
 */
export function dropOnAbort(line: Leavable, signal: AbortSignal): () => void {
  signal.throwIfAborted();
  const drop = (): void => line.destroy?.();
  signal.addEventListener('abort', drop, { once: true });
  return () => signal.removeEventListener('abort', drop);
}

/** What a call rejects with: the reason of a caller who left, else the AppError of what the driver threw. */
export function faultOf(error: unknown, codes: CodeMap, signal: AbortSignal, fallback?: ErrorCode): unknown {
  return signal.aborted ? signal.reason : toConnectorError(error, codes, fallback);
}

/** Runs `work` on a line that is dropped when the signal aborts; rejects as `faultOf` says. */
export async function guarded<T>(
  line: Leavable,
  codes: CodeMap,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const release = dropOnAbort(line, signal);
  try {
    return await work();
  } catch (error) {
    throw faultOf(error, codes, signal);
  } finally {
    release();
  }
}
