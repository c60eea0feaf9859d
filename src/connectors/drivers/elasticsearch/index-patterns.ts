/** Elasticsearch knows no schemas: everything is in this one. */
export const SCOPE = 'indices';

/** What the first line of a request may be long, at most 4096 bytes by default, less the rest of it. */
const MAX_PATH = 3_000;

/** Whatever else would be a date expression, another cluster, an exclusion, or no name at all. */
const NAME = /^(?![_+-])[^\\/?"<>|\s,#:]+$/;

/**
 * The index patterns that hold at least what the globs of a discovery choose. Globs that leave the scope open mean
 * everything; those of other scopes, or of names that no index can have, mean nothing.
 *
 * @returns an empty list where nothing can be chosen.
 */
export function indexPatterns(include: readonly string[]): readonly string[] {
  if (include.length === 0) return ['*'];
  const patterns = new Set<string>();
  for (const glob of include) {
    const fixed = glob.split(/[*?]/, 1)[0] ?? '';
    const start = `${SCOPE}.`;
    if (fixed.startsWith(start)) {
      // There is no sign for one character; what is found too much is left out by the glob itself.
      const pattern = glob.slice(start.length).replaceAll('?', '*');
      if (NAME.test(pattern)) patterns.add(pattern);
    } else if (start.startsWith(fixed) && fixed.length < glob.length) return ['*'];
  }
  const all = [...patterns];
  return encodeURIComponent(all.join(',')).length > MAX_PATH ? ['*'] : all;
}

/**
 * Names in groups that fit into a path.
 *
 * @param most how many may be in the group that is made now.
 */
export function* inPaths(names: readonly string[], most: () => number): Generator<readonly string[]> {
  let group: string[] = [];
  let length = 0;
  for (const name of names) {
    const more = encodeURIComponent(`${name},`).length;
    if (group.length > 0 && (group.length >= most() || length + more > MAX_PATH)) {
      yield group;
      [group, length] = [[], 0];
    }
    group.push(name);
    length += more;
  }
  if (group.length > 0) yield group;
}
