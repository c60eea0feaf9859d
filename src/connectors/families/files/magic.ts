import { AppError } from '../../../common/app-error.js';

/** Refuses a file that does not begin as its format does with FILE_UNREADABLE. */
export function assertBegins(head: Uint8Array, magic: string, format: string): void {
  if (Buffer.from(head.subarray(0, magic.length)).toString('latin1') === magic) return;
  throw new AppError('FILE_UNREADABLE', `The file is no ${format} file: its beginning is another one.`);
}
