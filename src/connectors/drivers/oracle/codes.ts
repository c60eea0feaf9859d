import { AppError } from '../../../common/app-error.js';
import { nativeCode } from '../../../common/native-code.js';
import type { CodeMap } from '../../spi/index.js';

/** Errors of the server (ORA) and of the driver (NJS). */
export const ORACLE_CODES: CodeMap = {
  'ORA-01005': 'AUTH_FAILED',
  'ORA-01017': 'AUTH_FAILED',
  'ORA-28000': 'AUTH_FAILED',
  'ORA-28001': 'AUTH_FAILED',
  'ORA-28003': 'AUTH_FAILED',
  'ORA-28040': 'AUTH_FAILED',
  // The account has verifiers of old servers alone.
  'NJS-116': 'AUTH_FAILED',
  'ORA-00942': 'PERMISSION_DENIED',
  'ORA-01031': 'PERMISSION_DENIED',
  'ORA-01045': 'PERMISSION_DENIED',
  'ORA-12505': 'DATABASE_NOT_FOUND',
  'ORA-12514': 'DATABASE_NOT_FOUND',
  'NJS-518': 'DATABASE_NOT_FOUND',
  'NJS-519': 'DATABASE_NOT_FOUND',
  'ORA-00018': 'THROTTLED',
  'ORA-00020': 'THROTTLED',
  'ORA-02391': 'THROTTLED',
  'ORA-12516': 'THROTTLED',
  'ORA-12519': 'THROTTLED',
  'ORA-12520': 'THROTTLED',
  'ORA-00054': 'BUSY',
  'ORA-04021': 'BUSY',
  'ORA-01013': 'CANCELLED',
  'ORA-01033': 'UNREACHABLE',
  'ORA-01034': 'UNREACHABLE',
  'ORA-01089': 'UNREACHABLE',
  'ORA-12528': 'UNREACHABLE',
  'NJS-500': 'UNREACHABLE',
  'NJS-501': 'UNREACHABLE',
  'NJS-503': 'UNREACHABLE',
  'NJS-511': 'UNREACHABLE',
  'NJS-521': 'UNREACHABLE',
  'NJS-510': 'TIMEOUT',
  'NJS-505': 'TLS_FAILED',
  'NJS-506': 'TLS_FAILED',
  // Before 12.1; encryption of Oracle's own in the place of TLS.
  'NJS-138': 'UNSUPPORTED',
  'NJS-533': 'UNSUPPORTED',
};

/** What has no code is a reply that the driver could not parse. */
export function explained(error: unknown): Error {
  if (error instanceof AppError) return error;
  const code = nativeCode(error);
  if (code !== undefined && /^(ORA|NJS)-\d+$/.test(code))
    return Object.assign(new Error('A fault of the source.'), { code });
  return new AppError('PROTOCOL', 'The server does not speak the protocol of Oracle as expected.');
}
