import { AppError } from '../../../common/app-error.js';
import type { CodeMap } from '../../spi/index.js';

/** Names of server errors and of mysql2's own faults. */
export const MYSQL_CODES: CodeMap = {
  ER_ACCESS_DENIED_ERROR: 'AUTH_FAILED',
  ER_ACCESS_DENIED_NO_PASSWORD_ERROR: 'AUTH_FAILED',
  ER_ACCOUNT_HAS_BEEN_LOCKED: 'AUTH_FAILED',
  ER_MUST_CHANGE_PASSWORD: 'AUTH_FAILED',
  ER_MUST_CHANGE_PASSWORD_LOGIN: 'AUTH_FAILED',
  ER_NOT_SUPPORTED_AUTH_MODE: 'AUTH_FAILED',
  AUTH_SWITCH_PLUGIN_ERROR: 'AUTH_FAILED',
  MYSQL_CLEAR_PASSWORD_NOT_ENABLED: 'AUTH_FAILED',
  ER_HOST_NOT_PRIVILEGED: 'PERMISSION_DENIED',
  ER_HOST_IS_BLOCKED: 'PERMISSION_DENIED',
  ER_DBACCESS_DENIED_ERROR: 'PERMISSION_DENIED',
  ER_TABLEACCESS_DENIED_ERROR: 'PERMISSION_DENIED',
  ER_COLUMNACCESS_DENIED_ERROR: 'PERMISSION_DENIED',
  ER_SPECIFIC_ACCESS_DENIED_ERROR: 'PERMISSION_DENIED',
  ER_BAD_DB_ERROR: 'DATABASE_NOT_FOUND',
  ER_SECURE_TRANSPORT_REQUIRED: 'TLS_FAILED',
  HANDSHAKE_NO_SSL_SUPPORT: 'TLS_FAILED',
  ER_CON_COUNT_ERROR: 'THROTTLED',
  ER_TOO_MANY_USER_CONNECTIONS: 'THROTTLED',
  ER_USER_LIMIT_REACHED: 'THROTTLED',
  ER_LOCK_WAIT_TIMEOUT: 'BUSY',
  ER_LOCK_DEADLOCK: 'BUSY',
  ER_QUERY_TIMEOUT: 'TIMEOUT',
  ER_STATEMENT_TIMEOUT: 'TIMEOUT',
  ER_SERVER_SHUTDOWN: 'UNREACHABLE',
  ER_NORMAL_SHUTDOWN: 'UNREACHABLE',
  ER_CONNECTION_KILLED: 'UNREACHABLE',
  PROTOCOL_CONNECTION_LOST: 'UNREACHABLE',
  ER_HANDSHAKE_ERROR: 'PROTOCOL',
  ER_MALFORMED_PACKET: 'PROTOCOL',
  HANDSHAKE_UNKNOWN_ERROR: 'PROTOCOL',
  PROTOCOL_ERROR: 'PROTOCOL',
  PROTOCOL_UNEXPECTED_PACKET: 'PROTOCOL',
};

/** Errors that the tables of mysql2 do not name, by number: MariaDB's and those of newer servers. */
const NUMBERS: Readonly<Record<number, string>> = {
  1927: 'ER_CONNECTION_KILLED',
  1969: 'ER_STATEMENT_TIMEOUT',
  3024: 'ER_QUERY_TIMEOUT',
  3118: 'ER_ACCOUNT_HAS_BEEN_LOCKED',
  3159: 'ER_SECURE_TRANSPORT_REQUIRED',
  4151: 'ER_ACCOUNT_HAS_BEEN_LOCKED',
};

interface NativeError {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly message?: unknown;
}

/**
 * An error of mysql2 as one that `MYSQL_CODES` can judge: one with a name. What has none is a reply that mysql2 could
 * not parse, or a line that is closed.
 */
export function explained(error: unknown): unknown {
  if (error instanceof AppError || typeof error !== 'object' || error === null) return error;
  const { code, errno, message } = error as NativeError;
  const named = typeof errno === 'number' ? NUMBERS[errno] : undefined;
  if (named !== undefined) return { code: named };
  if (typeof code === 'string') return error;
  if (typeof message === 'string' && /closed state|not connected/i.test(message))
    return new AppError('UNREACHABLE', 'The connection to the source is closed.');
  return new AppError('PROTOCOL', 'The server does not speak the MySQL protocol as expected.');
}
