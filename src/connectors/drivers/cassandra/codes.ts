import { AppError, type ErrorCode } from '../../../common/app-error.js';

/** Error codes of the native protocol and what they mean to us; any other is a failed query. */
const CODES: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  0x000a: ['PROTOCOL', 'The server does not take version 4 of the native protocol.'],
  0x0100: ['AUTH_FAILED', 'The server refused the credentials.'],
  0x1000: ['BUSY', 'Too few nodes are up to answer.'],
  0x1001: ['THROTTLED', 'The node has more work than it can do.'],
  0x1002: ['BUSY', 'The node is starting.'],
  0x1200: ['TIMEOUT', 'The server gave up for want of time.'],
  0x2100: ['PERMISSION_DENIED', 'The role is not allowed to do this.'],
};

/** The fault of an ERROR frame. Its text is left behind: it may quote what was sent. */
export function faultOfCode(native: number): AppError {
  const [code, words] = CODES[native] ?? ['QUERY_FAILED', 'The server failed to answer a query.'];
  return new AppError(code, `${words} (0x${native.toString(16).padStart(4, '0')})`);
}

/** What comes is no answer to what was asked. */
export const strange = (): AppError =>
  new AppError('PROTOCOL', 'The server does not speak the native protocol of Cassandra.');
