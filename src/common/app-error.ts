/** Who must act on an error: it decides the HTTP status, whether work is retried and whether a breaker counts it. */
export type Blame = 'caller' | 'config' | 'transient' | 'remote' | 'internal';

interface CodeFacts {
  readonly blame: Blame;
  readonly status: number;
  readonly title: string;
}

/**
 * Every error code of the product: the contract that clients program against. One entry each here, one section each
 * in docs/problems.md. `status` is the HTTP status that the problem filter answers with.
 */
export const ERROR_CODES = {
  // The request.
  MALFORMED_REQUEST: { blame: 'caller', status: 400, title: 'The request cannot be read' },
  UNAUTHENTICATED: { blame: 'caller', status: 401, title: 'A valid access token is required' },
  FORBIDDEN: { blame: 'caller', status: 403, title: 'A permission is missing' },
  NOT_FOUND: { blame: 'caller', status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { blame: 'caller', status: 405, title: 'Method not allowed' },
  CONFLICT: { blame: 'caller', status: 409, title: 'The request conflicts with the current state' },
  VERSION_MISMATCH: { blame: 'caller', status: 412, title: 'The data source was changed in the meantime' },
  PAYLOAD_TOO_LARGE: { blame: 'caller', status: 413, title: 'The request body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { blame: 'caller', status: 415, title: 'Unsupported media type' },
  VALIDATION_FAILED: { blame: 'caller', status: 422, title: 'The request is not valid' },
  CONFIG_INVALID: { blame: 'caller', status: 422, title: 'The connection is not valid' },
  UNSUPPORTED: { blame: 'caller', status: 422, title: 'The data source cannot do this' },
  CREDENTIALS_REENTRY_REQUIRED: { blame: 'caller', status: 422, title: 'Enter the secrets again' },
  AMBIENT_CREDENTIALS_FORBIDDEN: {
    blame: 'caller',
    status: 422,
    title: 'The source needs credentials of its own',
  },
  IDEMPOTENCY_KEY_REUSED: {
    blame: 'caller',
    status: 422,
    title: 'The idempotency key was used for another request',
  },
  FILE_TOO_LARGE_INFLATED: { blame: 'caller', status: 413, title: 'The file is too large when unpacked' },
  PRECONDITION_REQUIRED: { blame: 'caller', status: 428, title: 'A precondition is required' },
  RATE_LIMITED: { blame: 'caller', status: 429, title: 'Too many requests' },
  // The configuration of a source: a person must act.
  AUTH_FAILED: { blame: 'config', status: 422, title: 'The source refused the credentials' },
  PERMISSION_DENIED: { blame: 'config', status: 422, title: 'The source account lacks a privilege' },
  DATABASE_NOT_FOUND: { blame: 'config', status: 422, title: 'The database does not exist on the source' },
  FILE_NOT_FOUND: { blame: 'config', status: 422, title: 'The file does not exist' },
  FILE_UNREADABLE: { blame: 'config', status: 422, title: 'The file cannot be read as its format' },
  TLS_FAILED: { blame: 'config', status: 422, title: 'No trusted TLS connection to the source' },
  HOST_UNKNOWN: { blame: 'config', status: 422, title: 'The host name of the source cannot be resolved' },
  TUNNEL_FAILED: { blame: 'config', status: 422, title: 'The SSH tunnel cannot be opened' },
  HOST_KEY_CHANGED: { blame: 'config', status: 422, title: 'The SSH host key is not the pinned one' },
  EGRESS_DENIED: { blame: 'config', status: 422, title: 'The address of the source is not allowed' },
  // The source, for now.
  UNREACHABLE: { blame: 'transient', status: 503, title: 'The source cannot be reached' },
  TIMEOUT: { blame: 'transient', status: 503, title: 'The source did not answer in time' },
  THROTTLED: { blame: 'transient', status: 503, title: 'The source refuses more work for now' },
  BUSY: { blame: 'transient', status: 503, title: 'All sessions to the source are in use' },
  SOURCE_PAUSED: { blame: 'transient', status: 503, title: 'The data source is paused' },
  CANCELLED: { blame: 'caller', status: 409, title: 'The work was cancelled' },
  // The source, wrongly.
  QUERY_FAILED: { blame: 'remote', status: 502, title: 'The source failed to answer a query' },
  PROTOCOL: { blame: 'remote', status: 502, title: 'The source does not speak the expected protocol' },
  // The product.
  DRIVER_MISSING: { blame: 'internal', status: 500, title: 'The driver is not installed' },
  SECRET_BACKEND_UNAVAILABLE: { blame: 'internal', status: 503, title: 'The secrets cannot be read' },
  ATTEMPTS_EXHAUSTED: { blame: 'internal', status: 500, title: 'The work failed at every try' },
  DATABASE_UNAVAILABLE: { blame: 'internal', status: 503, title: 'The product database is not available' },
  IDENTITY_PROVIDER_UNAVAILABLE: {
    blame: 'internal',
    status: 503,
    title: 'Access tokens cannot be checked for now',
  },
  INTERNAL: { blame: 'internal', status: 500, title: 'Internal error' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One fault in a request: where it is, what is wrong and never the value that was sent. */
export interface FieldFault {
  /** RFC 6901 JSON pointer into the body, such as `/connection/host`. */
  readonly pointer?: string;
  /** Name of the query or path parameter or of the header. */
  readonly parameter?: string;
  readonly code: string;
  readonly detail: string;
}

export interface AppErrorDetails {
  readonly errors?: readonly FieldFault[];
  /** What to do about it, in a sentence that a person can follow. */
  readonly hint?: string;
  /** Seconds after which another try makes sense; becomes `Retry-After`. */
  readonly retryAfterS?: number;
  /** The constraint of the product's database that refused a row; for the code that knows what it means. */
  readonly constraint?: string;
}

/**
 * The one error of the product. `message` is safe to show: it holds no secret, no SQL and no path of the server.
 * Nothing below the problem filter knows of HTTP.
 */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: AppErrorDetails = {},
  ) {
    super(message);
  }

  get blame(): Blame {
    return ERROR_CODES[this.code].blame;
  }

  get retryable(): boolean {
    return this.blame === 'transient' || this.code === 'RATE_LIMITED' || this.status === 503;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** A refusal of one field of the body, by JSON pointer. */
  static invalid(pointer: string, detail: string, code = 'invalid'): AppError {
    return new AppError('VALIDATION_FAILED', detail, { errors: [{ pointer, code, detail }] });
  }

  /** A refusal of one query or path parameter, or of one header, by its name. */
  static invalidParameter(parameter: string, detail: string, code = 'invalid'): AppError {
    return new AppError('VALIDATION_FAILED', detail, { errors: [{ parameter, code, detail }] });
  }

  /** The same answer for an unknown id and for one of another organization. */
  static notFound(what = 'resource'): AppError {
    return new AppError('NOT_FOUND', `There is no such ${what}.`);
  }
}
