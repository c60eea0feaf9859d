import { AppError } from '../common/app-error.js';

/**
 * The version of the configuration that an `If-Match` header names; undefined where there is none or it is `*`. The
 * revision behind it is left out: a check that moved the status meanwhile takes nothing from whoever edits the rest.
 */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const version = /^"v(\d{1,10})(?:\.\d{1,10})?"$/.exec(ifMatch.trim())?.[1];
  // A tag that is not ours, or a weak one, never matches.
  return version === undefined ? -1 : Number(version);
}

const KEY = /^[\x21-\x7e]{1,128}$/;

/** @throws AppError VALIDATION_FAILED for a key that is empty, too long or not printable. */
export function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (KEY.test(header)) return header;
  throw AppError.invalidParameter(
    'Idempotency-Key',
    'This must be 1 to 128 printable characters without spaces.',
    'pattern',
  );
}
