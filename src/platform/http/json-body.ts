import { AppError } from '../../common/app-error.js';
import { escapePointer } from '../../common/json-pointer.js';

/** Far above what any request needs; what validation does with more takes seconds in which nobody else is served. */
const MAX_VALUES = 2_000;
const MAX_FIELDS = 200;
const MAX_DEPTH = 32;
const MAX_POINTER = 200;

/** With the flag `u` a whole pair is one sign, so that only halves match. */
const HALF_PAIR = /\p{Surrogate}/u;

/** Names that libraries drop on the way to the validation, and nothing may vanish in silence. */
const REFUSED = new Set(['__proto__', 'constructor', 'prototype']);

interface Place {
  readonly value: unknown;
  readonly pointer: string;
  readonly depth: number;
}

/**
 * The value of a JSON body; undefined for an empty one.
 *
 * @throws AppError MALFORMED_REQUEST where it is no JSON; VALIDATION_FAILED for a refused name, for text that is no
 *   Unicode, and for nesting that no request has; PAYLOAD_TOO_LARGE where it holds too many values. Each names the place.
 */
export function parseJsonBody(text: string): unknown {
  if (text === '') return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new AppError('MALFORMED_REQUEST', 'The body is not valid JSON.');
  }
  inspect(body);
  return body;
}

/** Goes through the value without recursion: a body may be nested as deeply as it is long. */
function inspect(body: unknown): void {
  const open: Place[] = [{ value: body, pointer: '', depth: 0 }];
  let seen = 0;
  for (let place = open.pop(); place; place = open.pop()) {
    const { value, pointer, depth } = place;
    seen += 1;
    if (seen + open.length > MAX_VALUES) throw tooMany('', MAX_VALUES);
    if (typeof value === 'string') refuseBrokenText(value, pointer);
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH) throw AppError.invalid(pointer, 'It is nested too deeply.', 'depth');
    const inner = Object.entries(value);
    const most = Array.isArray(value) ? MAX_VALUES : MAX_FIELDS;
    if (inner.length > most) throw tooMany(pointer, most);
    for (const [name, item] of inner) {
      const at = `${pointer}/${escapePointer(name)}`.slice(0, MAX_POINTER);
      refuseBrokenText(name, at);
      if (REFUSED.has(name)) throw AppError.invalid(at, 'This field is not known.', 'unknown_field');
      open.push({ value: item as unknown, pointer: at, depth: depth + 1 });
    }
  }
}

/** Half of a surrogate pair cannot be stored: the database would refuse it or keep another sign. */
function refuseBrokenText(text: string, pointer: string): void {
  if (HALF_PAIR.test(text))
    throw AppError.invalid(pointer.replace(HALF_PAIR, '\ufffd'), 'This is not valid Unicode.', 'unicode');
}

function tooMany(pointer: string, most: number): AppError {
  const detail = `It holds more than ${String(most)} values.`;
  return new AppError('PAYLOAD_TOO_LARGE', detail, {
    errors: [{ pointer, code: 'too_many_values', detail }],
  });
}
