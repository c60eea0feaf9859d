/** Globs over `schema.dataset`: `*` is any text, `?` one character, all else stands for itself. Case counts. */
export interface Coverage {
  /** Empty means everything. */
  readonly include: readonly string[];
  /** Wins over `include`. */
  readonly exclude: readonly string[];
}

/** Whether a dataset is among what the globs name. */
export function covers({ include, exclude }: Coverage, schema: string, dataset: string): boolean {
  if (include.length === 0 && exclude.length === 0) return true;
  const name = `${schema}.${dataset}`;
  return (
    (include.length === 0 || include.some((glob) => matches(glob, name))) &&
    !exclude.some((glob) => matches(glob, name))
  );
}

/** The same text for the same coverage, whatever the order of the globs. */
export function coverageKey({ include, exclude }: Coverage): string {
  return JSON.stringify([[...include].sort(), [...exclude].sort()]);
}

/**
 * Two pointers and the last star to fall back to: never more than glob x name steps. A regular expression with many
 * stars takes that to a power, and the globs come from outside.
 */
function matches(glob: string, name: string): boolean {
  let at = 0;
  let pos = 0;
  let star = -1;
  let resume = 0;
  while (pos < name.length) {
    const wanted = glob[at];
    if (wanted === '*') {
      star = at;
      at += 1;
      resume = pos;
    } else if (wanted === '?') {
      at += 1;
      pos += width(name, pos);
    } else if (wanted !== undefined && wanted === name[pos]) {
      at += 1;
      pos += 1;
    } else if (star >= 0) {
      resume += width(name, resume);
      pos = resume;
      at = star + 1;
    } else return false;
  }
  while (glob[at] === '*') at += 1;
  return at === glob.length;
}

/** Code units of the character at `index`. */
function width(text: string, index: number): number {
  return (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
}
