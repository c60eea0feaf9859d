import type { AppError } from '../common/app-error.js';
import type { RunTrigger } from './schema-discovery.types.js';

/** Tries of a run before the fault of the source is its result. */
const TRIES = 3;

/**
 * Whether a run that failed is tried again by itself. A person who asked for it is told at once; the product's own runs
 * wait for a source that is away for a moment. What a person must mend is never tried again: logins would add up to a
 * locked account.
 */
export function triesAgain(error: AppError, trigger: RunTrigger, attempt: number): boolean {
  return trigger !== 'manual' && error.blame === 'transient' && attempt < TRIES;
}
