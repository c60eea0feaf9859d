import type { AppError } from '../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../families/http/http-line.js';
import { toConnectorError, type CodeMap } from '../../spi/index.js';

/** Reasons of BigQuery's errors, which say more than the status: too many requests are 403 as well. */
export const BIGQUERY_CODES: CodeMap = {
  rateLimitExceeded: 'THROTTLED',
  userRateLimitExceeded: 'THROTTLED',
  quotaExceeded: 'THROTTLED',
  backendError: 'UNREACHABLE',
  accessDenied: 'PERMISSION_DENIED',
  accessNotConfigured: 'PERMISSION_DENIED',
  billingNotEnabled: 'PERMISSION_DENIED',
  notFound: 'DATABASE_NOT_FOUND',
  authError: 'AUTH_FAILED',
  required: 'AUTH_FAILED',
};

interface ErrorBody {
  readonly error?: { readonly errors?: readonly { readonly reason?: unknown }[] };
}

/** What an answer that is no success means; its texts are left behind. */
export function bigqueryFault(answer: HttpAnswer): AppError {
  const reason = reasonOf(answer);
  return reason !== undefined && answer.status >= 400 && Object.hasOwn(BIGQUERY_CODES, reason)
    ? toConnectorError({ code: reason }, BIGQUERY_CODES)
    : httpFault(answer.status);
}

function reasonOf({ body }: HttpAnswer): string | undefined {
  try {
    const reason = (JSON.parse(body.toString('utf8')) as ErrorBody | null)?.error?.errors?.[0]?.reason;
    return typeof reason === 'string' ? reason : undefined;
  } catch {
    return undefined;
  }
}
