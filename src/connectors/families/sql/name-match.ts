import type { NameFilter } from './name-filter.js';

/** A part of a LIKE pattern: any text, one character, or that character. */
type Part = '%' | '_' | { readonly char: string };

/**
 * A NameFilter for sources that cannot filter by themselves. It takes time in proportion to pattern and name whatever
 * the pattern is.
 */
export class NameMatch {
  private readonly include: readonly (readonly Part[])[];
  private readonly exclude: readonly (readonly Part[])[];

  constructor({ include, exclude }: NameFilter) {
    this.include = include.map(partsOf);
    this.exclude = exclude.map(partsOf);
  }

  /** Whether the filter leaves this dataset. */
  keeps(schema: string, name: string): boolean {
    const whole = `${schema}.${name}`;
    if (this.include.length > 0 && !this.include.some((parts) => matches(parts, whole))) return false;
    return !this.exclude.some((parts) => matches(parts, whole));
  }

  /** Whether the filter may leave anything in this schema: the source need not be asked otherwise. */
  mayKeepIn(schema: string): boolean {
    const start = `${schema}.`;
    if (this.include.length > 0 && !this.include.some((parts) => placesAfter(parts, start).size > 0))
      return false;
    return !this.exclude.some(
      (parts) => parts.at(-1) === '%' && placesAfter(parts, start).has(parts.length - 1),
    );
  }
}

function partsOf(pattern: string): Part[] {
  return [...pattern.matchAll(/\\(.)|(.)/gsu)].map(([, escaped, plain]) => {
    if (escaped !== undefined) return { char: escaped };
    return plain === '%' || plain === '_' ? plain : { char: plain ?? '' };
  });
}

const matches = (parts: readonly Part[], text: string): boolean => placesAfter(parts, text).has(parts.length);

/** The places in the pattern at which one may be when all of `text` was read. */
function placesAfter(parts: readonly Part[], text: string): Set<number> {
  let places = reached(parts, [0]);
  for (const char of text) {
    const next: number[] = [];
    for (const place of places) {
      const part = parts[place];
      if (part === '%') next.push(place);
      else if (part === '_' || (typeof part === 'object' && part.char === char)) next.push(place + 1);
    }
    places = reached(parts, next);
    if (places.size === 0) break;
  }
  return places;
}

/** With the places behind a `%`, which may stand for nothing. */
function reached(parts: readonly Part[], places: readonly number[]): Set<number> {
  const all = new Set<number>();
  for (let place of places) {
    all.add(place);
    while (parts[place] === '%') all.add((place += 1));
  }
  return all;
}
