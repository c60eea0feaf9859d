import { AppError, type AppErrorDetails, type ErrorCode } from '../../common/app-error.js';
import { nativeCode } from '../../common/native-code.js';

/** Native error codes of a driver (SQLSTATE, errno, reply prefix) and what they mean to us. */
export type CodeMap = Readonly<Record<string, ErrorCode>>;

/** Node's own codes, the same under every driver. */
const NODE_CODES: CodeMap = {
  ECONNREFUSED: 'UNREACHABLE',
  ECONNRESET: 'UNREACHABLE',
  EPIPE: 'UNREACHABLE',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
  EADDRNOTAVAIL: 'UNREACHABLE',
  ETIMEDOUT: 'TIMEOUT',
  ENOTFOUND: 'HOST_UNKNOWN',
  EAI_AGAIN: 'HOST_UNKNOWN',
  EAI_NODATA: 'HOST_UNKNOWN',
  EAI_NONAME: 'HOST_UNKNOWN',
  EMFILE: 'BUSY',
  ENOENT: 'FILE_NOT_FOUND',
  EISDIR: 'FILE_UNREADABLE',
  EACCES: 'PERMISSION_DENIED',
  EPROTO: 'TLS_FAILED',
  ERR_MODULE_NOT_FOUND: 'DRIVER_MISSING',
  MODULE_NOT_FOUND: 'DRIVER_MISSING',
};

/** The reasons that signals abort with of themselves have a name and no code of Node's. */
const SIGNAL_NAMES: CodeMap = { AbortError: 'CANCELLED', TimeoutError: 'TIMEOUT' };

/** Node's TLS verification errors do not share a prefix; these are OpenSSL's X509_V_ERR names as Node gives them. */
const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|HOSTNAME_MISMATCH|INVALID_CA|CRL_)/;

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  UNREACHABLE: 'The source refused or dropped the connection.',
  TIMEOUT: 'The source did not answer in time.',
  HOST_UNKNOWN: 'The host name cannot be resolved.',
  TLS_FAILED: 'The TLS connection could not be trusted or set up.',
  AUTH_FAILED: 'The source refused the credentials.',
  PERMISSION_DENIED: 'The account is not allowed to do this on the source.',
  DATABASE_NOT_FOUND: 'The database does not exist on the source.',
  FILE_NOT_FOUND: 'The file does not exist.',
  FILE_UNREADABLE: 'The file cannot be read as its format.',
  BUSY: 'The source or the product has no free connection.',
  THROTTLED: 'The source refuses more work for now.',
  DRIVER_MISSING: 'The driver for this type is not installed.',
  QUERY_FAILED: 'The source failed to answer a query.',
  PROTOCOL: 'The source does not speak the expected protocol.',
};

/** A server chooses the code that it sends: `constructor` must not be found. */
function meaning(codes: CodeMap, native: string): ErrorCode | undefined {
  return Object.hasOwn(codes, native) ? codes[native] : undefined;
}

/**
 * Makes a safe AppError of whatever a driver threw: our code, a text of ours and the native code. The raw error, its
 * message and its cause are dropped, because drivers put passwords, statements and rows into them.
 *
 * @param codes the driver's own map; it wins over Node's. A key may also be the first two letters of an SQLSTATE.
 * @param fallback what an unknown code means, QUERY_FAILED unless told.
 */
export function toConnectorError(
  error: unknown,
  codes: CodeMap = {},
  fallback: ErrorCode = 'QUERY_FAILED',
  details: AppErrorDetails = {},
): AppError {
  if (error instanceof AppError) return error;
  const native = nativeCode(error);
  const code =
    (native === undefined
      ? undefined
      : (meaning(codes, native) ?? meaning(codes, native.slice(0, 2)) ?? meaning(NODE_CODES, native))) ??
    (native !== undefined && TLS_CODE.test(native) ? 'TLS_FAILED' : undefined) ??
    meaning(SIGNAL_NAMES, String((error as { name?: unknown } | null)?.name)) ??
    fallback;
  const text = MESSAGES[code] ?? 'The source failed.';
  return new AppError(code, native === undefined ? text : `${text} (${native})`, details);
}
