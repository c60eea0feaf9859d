import { AppError } from '../../../common/app-error.js';
import { httpFault, type HttpAnswer } from '../../families/http/http-line.js';
import { toConnectorError, type CodeMap } from '../../spi/index.js';

/** Snowflake's own numbers. It says "does not exist or not authorized" with one number for both. */
export const SNOWFLAKE_CODES: CodeMap = {
  '000604': 'CANCELLED',
  '000630': 'TIMEOUT',
  '001003': 'QUERY_FAILED',
  '002003': 'DATABASE_NOT_FOUND',
  '002043': 'DATABASE_NOT_FOUND',
  '003001': 'PERMISSION_DENIED',
  '003030': 'PERMISSION_DENIED',
  '390189': 'PERMISSION_DENIED',
  '390422': 'PERMISSION_DENIED',
  '390432': 'PERMISSION_DENIED',
};

/** What an answer that is no success means; its texts are left behind. */
export function snowflakeFault(answer: HttpAnswer): AppError {
  const code = answer.status >= 400 ? codeOf(answer) : undefined;
  if (code !== undefined && Object.hasOwn(SNOWFLAKE_CODES, code))
    return toConnectorError({ code }, SNOWFLAKE_CODES);
  if (answer.status === 404)
    return new AppError('DATABASE_NOT_FOUND', 'There is no such account at this address. (HTTP 404)');
  if (answer.status === 422)
    return toConnectorError(code === undefined ? undefined : { code }, SNOWFLAKE_CODES);
  return httpFault(answer.status);
}

function codeOf({ body }: HttpAnswer): string | undefined {
  try {
    const code = (JSON.parse(body.toString('utf8')) as { readonly code?: unknown } | null)?.code;
    return typeof code === 'string' && /^\d{6}$/.test(code) ? code : undefined;
  } catch {
    return undefined;
  }
}
