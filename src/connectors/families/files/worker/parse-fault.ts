import type { ErrorCode } from '../../../../common/app-error.js';

/** A file that cannot be read as its format. The message is ours and quotes nothing of the file. */
export class ParseFault extends Error {
  override readonly name = 'ParseFault';

  constructor(
    message: string,
    readonly code: ErrorCode = 'FILE_UNREADABLE',
    readonly hint?: string,
  ) {
    super(message);
  }
}
