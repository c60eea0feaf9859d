import { AppError, type ErrorCode } from '../../../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../../http/http-line.js';
import { parseXml, textAt } from '../../../http/xml.js';

/** The codes in S3's own errors. */
const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  InvalidAccessKeyId: ['AUTH_FAILED', 'The store does not know the access key.'],
  SignatureDoesNotMatch: ['AUTH_FAILED', 'The store refused the secret access key.'],
  InvalidToken: ['AUTH_FAILED', 'The store refused the session token.'],
  InvalidClientTokenId: ['AUTH_FAILED', 'The store does not know the access key.'],
  UnrecognizedClientException: ['AUTH_FAILED', 'The store does not know the access key.'],
  ExpiredToken: ['AUTH_FAILED', 'The session token is over.'],
  TokenRefreshRequired: ['AUTH_FAILED', 'The session token is over.'],
  RequestTimeTooSkewed: ['AUTH_FAILED', "The clock of this machine differs too much from the store's."],
  AccessDenied: ['PERMISSION_DENIED', 'The account may not read this.'],
  AllAccessDisabled: ['PERMISSION_DENIED', 'All access to this is switched off.'],
  AccountProblem: ['PERMISSION_DENIED', 'The account has a problem that only its owner can solve.'],
  NoSuchBucket: ['DATABASE_NOT_FOUND', 'The bucket does not exist.'],
  InvalidBucketName: ['DATABASE_NOT_FOUND', 'No bucket can have this name.'],
  NoSuchKey: ['FILE_NOT_FOUND', 'The file does not exist.'],
  InvalidObjectState: ['FILE_UNREADABLE', 'The file is archived and must be restored before it can be read.'],
  SlowDown: ['THROTTLED', 'The store refuses more work for now.'],
  ServiceUnavailable: ['THROTTLED', 'The store is not available for now.'],
  NotImplemented: ['UNSUPPORTED', 'The store cannot do this.'],
  XAmzContentSHA256Mismatch: ['PROTOCOL', 'The store did not get what was sent.'],
};

/** Codes for a bucket that is elsewhere. */
const ELSEWHERE = new Set(['PermanentRedirect', 'TemporaryRedirect', 'AuthorizationHeaderMalformed']);

/** What an answer of S3 that is no success means. */
export function s3Fault(answer: HttpAnswer): AppError {
  const { code, region } = factsOf(answer);
  if (region !== undefined && (ELSEWHERE.has(code) || answer.status === 301))
    return new AppError('DATABASE_NOT_FOUND', `The bucket is in the region ${region}.`, {
      hint: `Set \`region\` to ${region}.`,
    });
  const found = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (found) return new AppError(found[0], `${found[1]} (${code})`);
  return httpFault(answer.status);
}

/** The name of the error, and the region that the store names in its place. */
export function factsOf({ headers, body }: HttpAnswer): { code: string; region: string | undefined } {
  let code = '';
  let named = headers['x-amz-bucket-region'];
  try {
    const error = body.length === 0 ? undefined : parseXml(body);
    // STS wraps it.
    code = textAt(error, 'Code') ?? textAt(error, 'Error', 'Code') ?? '';
    named ??= textAt(error, 'Region');
  } catch {
    // Something in front of the store answered.
  }
  return {
    code: /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : '',
    region: named !== undefined && /^[a-z0-9-]{2,40}$/.test(named) ? named : undefined,
  };
}
