import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { Document } from './wire.js';

/** Codes of MongoDB's error_codes.yml and what they mean to us. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  6: 'UNREACHABLE',
  7: 'UNREACHABLE',
  11: 'AUTH_FAILED',
  13: 'PERMISSION_DENIED',
  18: 'AUTH_FAILED',
  26: 'DATABASE_NOT_FOUND',
  50: 'TIMEOUT',
  73: 'DATABASE_NOT_FOUND',
  89: 'TIMEOUT',
  91: 'UNREACHABLE',
  133: 'UNREACHABLE',
  189: 'UNREACHABLE',
  202: 'TIMEOUT',
  262: 'TIMEOUT',
  334: 'AUTH_FAILED',
  8000: 'AUTH_FAILED',
  9001: 'UNREACHABLE',
  10_058: 'UNREACHABLE',
  10_107: 'UNREACHABLE',
  11_600: 'UNREACHABLE',
  11_602: 'UNREACHABLE',
  13_435: 'UNREACHABLE',
  13_436: 'UNREACHABLE',
};

const WORDS: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: 'The server refused the credentials.',
  PERMISSION_DENIED: 'The account is not allowed to do this.',
  DATABASE_NOT_FOUND: 'The database does not exist.',
  TIMEOUT: 'The server gave up for want of time.',
  UNREACHABLE: 'The server is going away or changing its role, or a shard cannot be reached.',
};

/** NotWritablePrimary and its relatives: a member that shuts down, steps down, recovers, or is not the one to read. */
const GOING = new Set([91, 189, 10_058, 10_107, 11_600, 11_602, 13_435, 13_436]);

/** Whether the server itself is not to be asked any more. Other faults that are UNREACHABLE are those of a shard behind it. */
export function isGoing(answer: Document): boolean {
  return GOING.has(Number(answer.code));
}

/** The answer itself where it is no fault. @throws AppError of the code in it; its text is left behind. */
export function expectOk(answer: Document): Document {
  if (Number(answer.ok) === 1) return answer;
  const native = Number(answer.code);
  const code = CODES[native] ?? 'QUERY_FAILED';
  throw new AppError(code, `${WORDS[code] ?? 'The server failed to answer a command.'} (${String(native)})`);
}
