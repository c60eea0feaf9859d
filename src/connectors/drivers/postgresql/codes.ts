import { AppError } from '../../../common/app-error.js';
import type { CodeMap } from '../../spi/index.js';

/** SQLSTATEs, or their first two letters, see https://www.postgresql.org/docs/current/errcodes-appendix.html. */
export const POSTGRESQL_CODES: CodeMap = {
  '28P01': 'AUTH_FAILED',
  '28000': 'AUTH_FAILED',
  '3D000': 'DATABASE_NOT_FOUND',
  '42501': 'PERMISSION_DENIED',
  // Starting up, shutting down, or not open for connections.
  '57P03': 'BUSY',
  '57014': 'TIMEOUT',
  '25P03': 'TIMEOUT',
  '25P04': 'TIMEOUT',
  '57P01': 'UNREACHABLE',
  '57P02': 'UNREACHABLE',
  '57P04': 'DATABASE_NOT_FOUND',
  '57P05': 'UNREACHABLE',
  '55P03': 'BUSY',
  // A standby cancels readers that hold up its recovery.
  '40': 'BUSY',
  '53': 'THROTTLED',
  '08P01': 'PROTOCOL',
  '08': 'UNREACHABLE',
};

/** What pg says in its own words, without a code. */
const WORDS: readonly (readonly [RegExp, () => AppError])[] = [
  [
    /^SASL: SCRAM-SERVER-FIRST-MESSAGE: client password/,
    () => new AppError('AUTH_FAILED', 'The server asks for a password and none is set.'),
  ],
  [
    /^SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature/,
    () => new AppError('AUTH_FAILED', 'The server could not prove that it knows the password.'),
  ],
  [
    /^SASL: Only mechanism|^Unknown authenticationOk message type/,
    () =>
      new AppError('AUTH_FAILED', 'The server asks for a way to log in that is not supported.', {
        hint: 'Supported are scram-sha-256, md5, password over verified TLS, and client certificates.',
      }),
  ],
  [
    /^(Connection terminated|Client has encountered a connection error|Client was closed)/,
    () => new AppError('UNREACHABLE', 'The server closed the connection.'),
  ],
];

/**
 * An error of pg without a code as one of ours; one with a code stays as it is, but for the login that PgBouncer refuses:
 * it has the code of a violation of the protocol for everything.
 */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  if (code === '08P01' && error.message.includes('authentication failed'))
    return new AppError('AUTH_FAILED', 'The source refused the user name or the password.');
  if (typeof code === 'string') return error;
  for (const [pattern, made] of WORDS) if (pattern.test(error.message)) return made();
  return new AppError('PROTOCOL', 'The server does not speak the PostgreSQL protocol as expected.');
}
