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
    const reader = new JsonReader(line);
    if (reader.peek() === '') return;
    if (!isOneValue(reader)) {
      this.bad++;
      return;
    }
    // Only now: half a record must not count.
    this.good++;
    this.sink.begin();
    new JsonReader(line).value(this.sink);
  }
}

function isOneValue(reader: JsonReader): boolean {
  try {
    return reader.value() && reader.peek() === '';
  } catch (error) {
    if (error instanceof JsonFault) return false;
    throw error;
  }
}
