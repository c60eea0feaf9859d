import { ERROR_CODES, type ErrorCode } from '../common/app-error.js';
import type { StatusReason } from './data-sources.types.js';

/** A reason that begins now. */
export function reasonOf(code: StatusReason['code'], message: string): StatusReason {
  const blame = code in ERROR_CODES ? ERROR_CODES[code as ErrorCode].blame : undefined;
  return {
    code,
    message,
    user_action: blame === 'config' || blame === 'caller',
    since: new Date().toISOString(),
  };
}
