import { CAPS } from '../../analysis.js';
import { JsonFault, JsonReader, type JsonSink } from './json-reader.js';
import type { ShapeSink } from './shape.js';

const BETWEEN_OBJECTS = /\}\s{0,64},\s{0,64}\{/g;
const CANDIDATES = 16;

export interface BlockRecords {
  readonly records: number;
  /** Characters from the beginning of the first to the end of the last record. */
  readonly length: number;
}

/**
 * Records of an array of objects in a block from the middle of it. Where one begins is not marked: a place between two
 * objects is taken when the object there has mostly keys that records have, and when what follows goes on as a list far
 * into the block. A list that closes earlier was inside of a record.
 *
 * @param last the block ends where the file ends.
 */
export function readArrayBlock(text: string, sink: ShapeSink, last: boolean): BlockRecords | undefined {
  // The end of a file counts no more than any other place, unless its records are long.
  const near = last ? text.length - CAPS.parsedBytes : 0;
  const ending = near > 0 ? readArrayBlock(text.slice(near), sink, true) : undefined;
  if (ending) return ending;
  BETWEEN_OBJECTS.lastIndex = 0;
  for (let tries = 0; tries < CANDIDATES; tries++) {
    const hit = BETWEEN_OBJECTS.exec(text);
    if (!hit) return undefined;
    const start = hit.index + hit[0].length - 1;
    BETWEEN_OBJECTS.lastIndex = start;
    const spans = listFrom(text, start, sink, last);
    const first = spans?.[0];
    const end = spans?.at(-1)?.end;
    if (!spans || first === undefined || end === undefined) continue;
    for (const span of spans) {
      sink.begin();
      new JsonReader(text, span.begin).value(sink);
    }
    return { records: spans.length, length: end - first.begin };
  }
  return undefined;
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

function listFrom(text: string, start: number, known: ShapeSink, last: boolean): Span[] | undefined {
  const spans: Span[] = [];
  const reader = new JsonReader(text, start);
  try {
    for (;;) {
      reader.peek();
      const begin = reader.at;
      const keys = new TopKeys();
      if (!reader.value(keys)) return spans;
      if (spans.length === 0 && !keys.mostlyIn(known.record.keys)) return undefined;
      spans.push({ begin, end: reader.at });
      const next = reader.peek();
      if (next === '' || (!last && reader.at - start > CAPS.parsedBytes)) return spans;
      if (next !== ',') return next === ']' && last && isEnd(reader) ? spans : undefined;
      reader.at++;
    }
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}

function isEnd(reader: JsonReader): boolean {
  reader.at++;
  return reader.peek() === '';
}

/** The keys of an object itself, without those of what is in it. */
class TopKeys implements JsonSink {
  private readonly keys: string[] = [];
  private depth = 0;

  scalar(): void {
    // Only keys are looked at.
  }

  enter(): void {
    this.depth++;
  }

  leave(): void {
    this.depth--;
  }

  key(name: string): void {
    if (this.depth === 1) this.keys.push(name);
  }

  mostlyIn(known: ReadonlyMap<string, unknown>): boolean {
    const hits = this.keys.filter((key) => known.has(key)).length;
    return hits > 0 && hits * 2 >= this.keys.length;
  }
}
