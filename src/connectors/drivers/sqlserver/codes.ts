import { AppError } from '../../../common/app-error.js';
import type { CodeMap } from '../../spi/index.js';

/** Numbers of server errors, and the names that tedious gives to its own. */
export const SQLSERVER_CODES: CodeMap = {
  // Logins: unknown, wrong password, disabled, locked, expired, Windows logins only.
  '18456': 'AUTH_FAILED',
  '18450': 'AUTH_FAILED',
  '18452': 'AUTH_FAILED',
  '18470': 'AUTH_FAILED',
  '18486': 'AUTH_FAILED',
  '18487': 'AUTH_FAILED',
  '18488': 'AUTH_FAILED',
  '33134': 'AUTH_FAILED',
  '40607': 'AUTH_FAILED',
  '4060': 'DATABASE_NOT_FOUND',
  '911': 'DATABASE_NOT_FOUND',
  '40532': 'DATABASE_NOT_FOUND',
  '916': 'PERMISSION_DENIED',
  '229': 'PERMISSION_DENIED',
  '230': 'PERMISSION_DENIED',
  '262': 'PERMISSION_DENIED',
  '297': 'PERMISSION_DENIED',
  '300': 'PERMISSION_DENIED',
  // The firewall of Azure; a rule by Entra only.
  '40615': 'PERMISSION_DENIED',
  '40914': 'PERMISSION_DENIED',
  '47073': 'PERMISSION_DENIED',
  '1222': 'BUSY',
  '1205': 'BUSY',
  '17809': 'THROTTLED',
  '10928': 'THROTTLED',
  '10929': 'THROTTLED',
  '10936': 'THROTTLED',
  '40501': 'THROTTLED',
  '49918': 'THROTTLED',
  '49919': 'THROTTLED',
  '49920': 'THROTTLED',
  // Starting, stopping, paused, moved: another try later makes sense.
  '976': 'UNREACHABLE',
  '983': 'UNREACHABLE',
  '4221': 'UNREACHABLE',
  '6005': 'UNREACHABLE',
  '18401': 'UNREACHABLE',
  '18451': 'UNREACHABLE',
  '18461': 'UNREACHABLE',
  '40197': 'UNREACHABLE',
  '40540': 'UNREACHABLE',
  '40613': 'UNREACHABLE',
  '42108': 'UNREACHABLE',
  '42109': 'UNREACHABLE',
  ESOCKET: 'UNREACHABLE',
  ECLOSE: 'UNREACHABLE',
  EINVALIDSTATE: 'UNREACHABLE',
  ETIMEOUT: 'TIMEOUT',
  ELOGIN: 'PROTOCOL',
  ETDS: 'PROTOCOL',
  EINTERFACENOTSUPP: 'PROTOCOL',
};

interface NativeError {
  readonly number?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** An error of tedious as one that `SQLSERVER_CODES` can judge: by the number of the server where there is one. */
export function explained(error: unknown): Error {
  if (error instanceof AppError) return error;
  const { number, code, cause, errors } = (error ?? {}) as NativeError;
  if (Array.isArray(errors) && errors.length > 0) return explained(errors[0]);
  if (typeof number === 'number') return named(String(number));
  if (code === 'ESOCKET' && cause !== undefined) return explained(cause);
  if (typeof code === 'string') return named(code);
  return new AppError('PROTOCOL', 'The server does not speak TDS as expected.');
}

/** Without the text of the server, which may hold a statement or a name. */
const named = (code: string): Error => Object.assign(new Error('A fault of the source.'), { code });
