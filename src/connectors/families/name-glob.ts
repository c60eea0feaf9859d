/**
 * Whether a name is chosen by the globs of a discovery request (`*` any text, `?` one character, case counts). Takes
 * time in proportion to both lengths whatever the globs are; a regular expression of many `.*` would not.
 */
export function isChosen(name: string, include: readonly string[], exclude: readonly string[]): boolean {
  return (
    (include.length === 0 || include.some((glob) => matchesGlob(name, glob))) &&
    !exclude.some((glob) => matchesGlob(name, glob))
  );
}

function matchesGlob(name: string, glob: string): boolean {
  const text = Array.from(name);
  const pattern = Array.from(glob);
  let at = 0;
  let want = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (pattern[want] === '*') {
      star = want++;
      retry = at;
    } else if (want < pattern.length && (pattern[want] === '?' || pattern[want] === text[at])) {
      want++;
      at++;
    } else if (star >= 0) {
      // Only the last star ever needs another try: what earlier ones took stays right.
      want = star + 1;
      at = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[want] === '*') want++;
  return want === pattern.length;
}
