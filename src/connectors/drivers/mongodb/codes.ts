import { AppError, type ErrorCode } from '../../../common/app-error.js';
import type { Document } from './wire.js';

/** Codes of MongoDB's error_codes.yml and what they mean to us. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  11: 'AUTH_FAILED',
  13: 'PERMISSION_DENIED',
  18: 'AUTH_FAILED',
  26: 'DATABASE_NOT_FOUND',
  50: 'TIMEOUT',
  73: 'DATABASE_NOT_FOUND',
  91: 'UNREACHABLE',
  189: 'UNREACHABLE',
  202: 'TIMEOUT',
  262: 'TIMEOUT',
  334: 'AUTH_FAILED',
  8000: 'AUTH_FAILED',
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
  UNREACHABLE: 'The server is going away or changing its role.',
};

/** The answer itself where it is no fault. @throws AppError of the code in it; its text is left behind. */
export function expectOk(answer: Document): Document {
  if (Number(answer.ok) === 1) return answer;
  const native = Number(answer.code);
  const code = CODES[native] ?? 'QUERY_FAILED';
  throw new AppError(code, `${WORDS[code] ?? 'The server failed to answer a command.'} (${String(native)})`);
}
