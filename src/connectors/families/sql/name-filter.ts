/** `include` and `exclude` of a discovery as LIKE patterns over `schema.dataset`, so that the source does the choosing. */
export interface NameFilter {
  /** Patterns of which one must match; empty means everything. Escape character is the backslash. */
  readonly include: readonly string[];
  /** Patterns of which none may match. */
  readonly exclude: readonly string[];
}

/**
 * Globs as LIKE patterns: `*` is any text, `?` one character, all else is meant as it stands. The escape character of
 * the patterns is the backslash; they are bound as parameters, never written into a statement.
 */
export function nameFilter(include: readonly string[], exclude: readonly string[]): NameFilter {
  return { include: include.map(likePattern), exclude: exclude.map(likePattern) };
}

function likePattern(glob: string): string {
  return glob.replaceAll(/[\\%_*?]/g, (char) => (char === '*' ? '%' : char === '?' ? '_' : `\\${char}`));
}
