import { AppError, type ErrorCode } from '../../../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../../http/http-line.js';

const CODES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  AuthenticationFailed: ['AUTH_FAILED', 'The store refused the login.'],
  InvalidAuthenticationInfo: ['AUTH_FAILED', 'The store refused the login.'],
  NoAuthenticationInformation: ['AUTH_FAILED', 'The store wants a login.'],
  PublicAccessNotPermitted: ['PERMISSION_DENIED', 'The account allows no access without a login.'],
  AccountIsDisabled: ['PERMISSION_DENIED', 'The account is switched off.'],
  InsufficientAccountPermissions: ['PERMISSION_DENIED', 'The login may not do this.'],
  AuthorizationFailure: ['PERMISSION_DENIED', 'The login, or the network it comes from, is not allowed.'],
  AuthorizationPermissionMismatch: ['PERMISSION_DENIED', 'The login lacks the permission to read.'],
  AuthorizationProtocolMismatch: ['PERMISSION_DENIED', 'The SAS only allows TLS.'],
  AuthorizationSourceIPMismatch: ['PERMISSION_DENIED', 'The SAS does not allow this address.'],
  AuthorizationResourceTypeMismatch: ['PERMISSION_DENIED', 'The SAS is not for this kind of thing.'],
  AuthorizationServiceMismatch: ['PERMISSION_DENIED', 'The SAS is not for blobs.'],
  ContainerNotFound: ['DATABASE_NOT_FOUND', 'The container does not exist.'],
  ContainerBeingDeleted: ['DATABASE_NOT_FOUND', 'The container is being deleted.'],
  BlobNotFound: ['FILE_NOT_FOUND', 'The file does not exist.'],
  BlobArchived: ['FILE_UNREADABLE', 'The file is archived and must be rehydrated before it can be read.'],
  ServerBusy: ['THROTTLED', 'The store refuses more work for now.'],
  OperationTimedOut: ['TIMEOUT', 'The store did not answer in time.'],
};

/** What an answer of Azure that is no success means. It names its fault in a header. */
export function azureFault({ status, headers, body }: HttpAnswer): AppError {
  const words = body.toString('utf8', 0, 4_096);
  const named = headers['x-ms-error-code'] ?? /<Code>(\w{1,64})<\/Code>/.exec(words)?.[1];
  const code = named !== undefined && /^\w{1,64}$/.test(named) ? named : '';
  // A signature that is wrong goes by several names.
  const refused = status === 403 && /failed to authenticate/i.test(words);
  const found = refused ? CODES.AuthenticationFailed : Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (found) return new AppError(found[0], `${found[1]} (${code})`);
  // A container without public access denies that it is there.
  if (status === 404)
    return new AppError('DATABASE_NOT_FOUND', 'The container does not exist, or is not public.');
  return httpFault(status);
}
