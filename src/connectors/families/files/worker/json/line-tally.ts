import { JsonFault, JsonReader } from './json-reader.js';
import type { ShapeSink } from './shape.js';

/** Reads records that stand on lines of their own. */
export class LineTally {
  good = 0;
  /** Lines that are not one JSON value. */
  bad = 0;

  constructor(private readonly sink: ShapeSink) {}

  /** Reads every line from `begin` to `end`, both of which are borders of lines. */
  read(text: string, begin: number, end: number): void {
    for (let at = begin; at < end;) {
      const newline = text.indexOf('\n', at);
      const stop = newline === -1 || newline > end ? end : newline;
      this.line(text.slice(at, stop));
      at = stop + 1;
    }
  }

  private line(line: string): void {
    if (new JsonReader(line).peek() === '') return;
    if (!isOneValue(line)) {
      this.bad++;
      return;
    }
    // Only now: half a record must not count.
    this.good++;
    this.sink.begin();
    new JsonReader(line).value(this.sink);
  }
}

/** Longer lines are not given to JSON.parse, which makes all of them objects at once. */
const NATIVE_LENGTH = 65_536;

function isOneValue(line: string): boolean {
  // Takes the very same texts as the reader, several times faster; what it refuses is judged by the reader.
  if (line.length <= NATIVE_LENGTH && parses(line)) return true;
  const reader = new JsonReader(line);
  try {
    return reader.value() && reader.peek() === '';
  } catch (error) {
    if (error instanceof JsonFault) return false;
    throw error;
  }
}

function parses(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
