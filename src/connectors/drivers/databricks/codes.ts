import type { AppError } from '../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../families/http/http-line.js';
import { toConnectorError, type CodeMap } from '../../spi/index.js';

/** Values of `error_code`, which say more than the status. A number there is the gate's, which refuses tokens by 403. */
export const DATABRICKS_CODES: CodeMap = {
  403: 'AUTH_FAILED',
  UNAUTHENTICATED: 'AUTH_FAILED',
  PERMISSION_DENIED: 'PERMISSION_DENIED',
  FEATURE_DISABLED: 'PERMISSION_DENIED',
  CATALOG_DOES_NOT_EXIST: 'DATABASE_NOT_FOUND',
  SCHEMA_DOES_NOT_EXIST: 'DATABASE_NOT_FOUND',
  METASTORE_DOES_NOT_EXIST: 'DATABASE_NOT_FOUND',
  TABLE_DOES_NOT_EXIST: 'DATABASE_NOT_FOUND',
  RESOURCE_DOES_NOT_EXIST: 'DATABASE_NOT_FOUND',
  REQUEST_LIMIT_EXCEEDED: 'THROTTLED',
  RESOURCE_EXHAUSTED: 'THROTTLED',
  TEMPORARILY_UNAVAILABLE: 'THROTTLED',
  DEADLINE_EXCEEDED: 'TIMEOUT',
};

/** What an answer that is no success means; its texts are left behind. */
export function databricksFault(answer: HttpAnswer): AppError {
  const code = answer.status >= 400 ? codeOf(answer) : undefined;
  return code !== undefined && Object.hasOwn(DATABRICKS_CODES, code)
    ? toConnectorError({ code }, DATABRICKS_CODES)
    : httpFault(answer.status);
}

function codeOf({ body }: HttpAnswer): string | undefined {
  try {
    const code = (JSON.parse(body.toString('utf8')) as { readonly error_code?: unknown } | null)?.error_code;
    return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
  } catch {
    return undefined;
  }
}
