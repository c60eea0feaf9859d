import { AppError, type ErrorCode } from '../../../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../../http/http-line.js';

/** The reasons in Google's errors that say more than their status. */
const REASONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  authError: ['AUTH_FAILED', 'Google refused the access token.'],
  keyInvalid: ['AUTH_FAILED', 'Google refused the key.'],
  rateLimitExceeded: ['THROTTLED', 'The store refuses more work for now.'],
  userRateLimitExceeded: ['THROTTLED', 'The store refuses more work for now.'],
  accountDisabled: ['PERMISSION_DENIED', 'The account of the project is switched off.'],
  userProjectMissing: ['PERMISSION_DENIED', 'The bucket wants its readers to pay, which is not supported.'],
};

/** What an answer of the JSON API that is no success means. A 404 of an object may be one of its bucket too. */
export function gcsFault({ status, body }: HttpAnswer): AppError {
  const words = body.toString('utf8', 0, 4_096);
  const reason = /"reason"\s*:\s*"([A-Za-z]{1,64})"/.exec(words)?.[1] ?? '';
  const found = Object.hasOwn(REASONS, reason) ? REASONS[reason] : undefined;
  if (found) return new AppError(found[0], `${found[1]} (${reason})`);
  if (status === 404)
    return /No such object/i.test(words)
      ? new AppError('FILE_NOT_FOUND', 'The file does not exist.')
      : new AppError('DATABASE_NOT_FOUND', 'The bucket does not exist.');
  if (status === 400 && /Invalid bucket name/i.test(words))
    return new AppError('DATABASE_NOT_FOUND', 'No bucket can have this name.');
  return httpFault(status);
}
