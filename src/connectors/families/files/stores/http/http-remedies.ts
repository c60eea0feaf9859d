import type { ErrorCode } from '../../../../../common/app-error.js';
import type { Remedy } from '../../../../spi/index.js';

/** What to do about a fault of a web server. */
export function webRemedy(code: ErrorCode): Remedy | undefined {
  const text = TEXTS[code];
  return text === undefined ? undefined : { text };
}

const TEXTS: Partial<Record<ErrorCode, string>> = {
  AUTH_FAILED: 'Check user name and password, bearer_token, or header_name and header_value.',
  PERMISSION_DENIED: 'Let the web server give this file to the login, or to everybody.',
};
