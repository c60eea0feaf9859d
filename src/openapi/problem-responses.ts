import { AppError, type ErrorCode } from '../common/app-error.js';
import { toProblem } from '../common/problem.js';
import { componentPart, type Response } from './schema.js';

interface Kind {
  readonly code: ErrorCode;
  readonly description: string;
  readonly detail: string;
}

/** What a status means in this API, and the code that it most often comes with. */
const KINDS: Readonly<Record<string, Kind>> = {
  '400': {
    code: 'MALFORMED_REQUEST',
    description: 'The request cannot be read.',
    detail: 'The request cannot be read: check that the body is valid JSON.',
  },
  '401': {
    code: 'UNAUTHENTICATED',
    description: 'A valid access token is required.',
    detail: 'A valid access token is required.',
  },
  '403': {
    code: 'FORBIDDEN',
    description: 'A permission is missing.',
    detail: 'The permission data_sources:create is required.',
  },
  '404': {
    code: 'NOT_FOUND',
    description: 'There is no such resource in your organization.',
    detail: 'There is no such data source.',
  },
  '409': {
    code: 'CONFLICT',
    description: 'The request conflicts with the current state.',
    detail: 'A data source of this name exists already.',
  },
  '412': {
    code: 'VERSION_MISMATCH',
    description: 'The data source was changed in the meantime.',
    detail: 'The data source was changed in the meantime.',
  },
  '413': {
    code: 'PAYLOAD_TOO_LARGE',
    description: 'The body is too large.',
    detail: 'The body is larger than 1 MiB.',
  },
  '415': {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    description: 'The media type of the body is not supported.',
    detail: 'Send application/json.',
  },
  '422': {
    code: 'VALIDATION_FAILED',
    description: 'The request is not valid; `errors` names each field.',
    detail: 'The request is not valid: see errors.',
  },
  '429': {
    code: 'RATE_LIMITED',
    description: 'Too many requests.',
    detail: 'You have tested as many connections as one minute allows.',
  },
  '500': {
    code: 'INTERNAL',
    description: 'The product failed; `request_id` finds the reason in its log.',
    detail: 'The product failed; the request id finds the reason in its log.',
  },
  '502': {
    code: 'QUERY_FAILED',
    description: 'The source failed.',
    detail: 'The source failed to answer a query.',
  },
  '503': {
    code: 'DATABASE_UNAVAILABLE',
    description: 'Not available for now.',
    detail: 'The product database is not available.',
  },
};

const FAULTS = { errors: [{ pointer: '/name', code: 'isString', detail: 'Name must be a string.' }] };
const REQUEST = { id: '0198c0de-0000-7000-8000-0000000000aa', path: '/api/v1/data-sources' };

/** The shared response of a status of 400 and above, with an example of its own. */
export function problemResponse(status: string): Response {
  const kind = KINDS[status];
  if (!kind) throw new Error(`No operation has answered ${status} so far: describe it here.`);
  const error = new AppError(kind.code, kind.detail, status === '422' ? FAULTS : {});
  return {
    description: kind.description,
    headers: {
      'X-Request-Id': componentPart('headers', 'RequestId'),
      ...(status === '401' || status === '403'
        ? { 'WWW-Authenticate': componentPart('headers', 'Challenge') }
        : {}),
      ...(status === '429' || status === '503'
        ? { 'Retry-After': componentPart('headers', 'RetryAfter') }
        : {}),
    },
    content: {
      'application/problem+json': {
        schema: componentPart('schemas', 'ProblemDetails'),
        example: toProblem(error, REQUEST),
      },
    },
  };
}
