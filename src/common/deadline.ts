import { AppError } from './app-error.js';

/**
 * Runs `work` under a deadline in milliseconds and an optional outer signal.
 *
 * The signal that `work` receives aborts when either fires; whoever owns a socket destroys it on abort. The promise
 * rejects at once with TIMEOUT (deadline), or with the outer signal's reason, even where `work` ignores its signal, so
 * that a driver that hangs for ever cannot hold its caller.
 */
export async function withDeadline<T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  what = 'The source',
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  outer?.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuter);
    };
    const stop = (reason: unknown): void => {
      settle();
      controller.abort(reason);
      reject(asError(reason));
    };
    const timer = setTimeout(() => {
      stop(new AppError('TIMEOUT', `${what} did not answer within ${String(ms)} ms.`, { retryAfterS: 5 }));
    }, ms);
    const onOuter = (): void => {
      stop(outer?.reason);
    };
    outer?.addEventListener('abort', onOuter, { once: true });
    // A rejection after the deadline has no one left to hear it: both branches are handled here, never unhandled.
    work(signal).then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(asError(error));
      },
    );
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new AppError('CANCELLED', 'The work was cancelled.');
}
