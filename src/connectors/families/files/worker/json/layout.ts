import type { JsonOptions } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import { JsonFault, JsonReader } from './json-reader.js';

/** `lines`: a record per line; `array`: one array of records; `value`: one value, a record by itself. */
export type JsonLayout = 'lines' | 'array' | 'value';

/**
 * How records are laid out, by the beginning of the file. After this the text is known to be JSON up to the end of its
 * first value, or to its own end.
 */
export function layoutOf(text: string, whole: boolean, told: JsonOptions['layout']): JsonLayout {
  const reader = new JsonReader(text);
  const first = reader.peek();
  if (told === 'lines' || first === '') return 'lines';
  const document = first === '[' ? 'array' : 'value';
  const begin = reader.at;
  let complete: boolean;
  try {
    complete = reader.value();
  } catch (error) {
    throw notJson(error);
  }
  if (!complete) {
    if (whole) throw new ParseFault('The JSON ends before its first value is complete.');
    return document;
  }
  const end = reader.at;
  const alone = reader.peek() === '';
  if (alone && (whole || told === 'document')) return document;
  if (told !== 'document' && !text.slice(begin, end).includes('\n')) return 'lines';
  throw new ParseFault('The file holds more than one JSON value, and not one per line.');
}

/** What a fault of the reader is to people. */
export function notJson(error: unknown): unknown {
  return error instanceof JsonFault
    ? new ParseFault(`The file is not JSON: it goes wrong at character ${error.at + 1}.`)
    : error;
}
