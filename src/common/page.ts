import { AppError } from './app-error.js';

type CursorValue = string | number;

/** An opaque cursor that holds the sort values of the last row of a page. */
export function encodeCursor(values: readonly CursorValue[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url');
}

/**
 * The values of a cursor.
 *
 * @throws AppError VALIDATION_FAILED where the text was not made by `encodeCursor` with `length` values.
 */
export function decodeCursor(cursor: string, length: number): CursorValue[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(values) && values.length === length && values.every(isCursorValue)) return values;
  } catch {
    // Falls through: any rubbish gets the same answer.
  }
  throw invalidCursor();
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id in a cursor of one id. @throws AppError VALIDATION_FAILED for any other cursor. */
export function decodeIdCursor(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id !== 'string' || !UUID.test(id)) throw invalidCursor();
  return id;
}

/** The answer to a cursor that is none of ours. */
export function invalidCursor(): AppError {
  return AppError.invalidParameter('cursor', 'This cursor is not valid; start again without one.', 'cursor');
}

function isCursorValue(value: unknown): value is CursorValue {
  return (typeof value === 'string' && !value.includes('\u0000')) || typeof value === 'number';
}
