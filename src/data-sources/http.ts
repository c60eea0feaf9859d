import { AppError } from '../common/app-error.js';

/** What controllers need of Fastify's reply. */
export interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
}

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
  const detail = 'This must be 1 to 128 printable characters without spaces.';
  throw new AppError('VALIDATION_FAILED', detail, {
    errors: [{ parameter: 'Idempotency-Key', code: 'pattern', detail }],
  });
}
