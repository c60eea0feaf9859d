import { AppError, type ErrorCode } from '../../common/app-error.js';
import { nativeCode } from '../../common/native-code.js';

/** SQLSTATE (or its class of two letters, or Node's errno) to what a client is told. */
const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '08': ['DATABASE_UNAVAILABLE', 'The product database is not available.'],
  '53': ['DATABASE_UNAVAILABLE', 'The product database has no room for more work.'],
  '57': ['DATABASE_UNAVAILABLE', 'The product database is starting, stopping or cut the query off.'],
  '25P03': [
    'DATABASE_UNAVAILABLE',
    'The product database ended a transaction that stood still for too long.',
  ],
  '25006': ['DATABASE_UNAVAILABLE', 'The product database is read-only for now.'],
  '55P03': ['DATABASE_UNAVAILABLE', 'Another change holds a lock; try again.'],
  '40': ['DATABASE_UNAVAILABLE', 'Two changes collided; try again.'],
  '22021': ['VALIDATION_FAILED', 'A text holds a NUL byte, which cannot be stored.'],
  '22P05': ['VALIDATION_FAILED', 'A text holds a character that cannot be stored.'],
  '23503': ['NOT_FOUND', 'What this belongs to was deleted in the meantime.'],
  '23505': ['CONFLICT', 'The same thing exists already.'],
};
const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_|EHOST|ENET)/;
/** pg, pg-pool and TypeORM (for a connection that ended between two statements) report these in words only. */
const LOST =
  /query runner (was )?already released|Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end|Query read timeout/i;

/** The AppError of a fault of the product's own database; the statement and its parameters are left behind. */
export function toDatabaseError(error: unknown): Error {
  if (error instanceof AppError) return error;
  const code = nativeCode(error);
  const known = code === undefined ? undefined : (CODES[code] ?? CODES[code.slice(0, 2)]);
  if (known) {
    const { constraint } = error as { constraint?: unknown };
    return new AppError(known[0], known[1], {
      ...(known[0] === 'DATABASE_UNAVAILABLE' ? { retryAfterS: 2 } : {}),
      ...(typeof constraint === 'string' ? { constraint } : {}),
    });
  }
  if ((code && NETWORK.test(code)) || (error instanceof Error && LOST.test(error.message)))
    return new AppError('DATABASE_UNAVAILABLE', 'The product database is not available.', { retryAfterS: 2 });
  return error instanceof Error ? error : new Error('A value that is no error was thrown.');
}

/** Whether a transaction failed on the named unique constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof AppError && error.details.constraint === constraint;
}
