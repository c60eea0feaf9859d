import type { DiscoveryRequest } from '../../../spi/index.js';

/**
 * Which keys of a bucket a request can want: the beginnings that its globs have in common with keys, none of them within
 * another. `['']` is all of the bucket; empty, that nothing in it is wanted.
 */
export function wantedPrefixes(bucket: string, { include }: DiscoveryRequest): readonly string[] {
  if (include.length === 0) return [''];
  const start = `${bucket}.`;
  const prefixes = new Set<string>();
  for (const glob of include) {
    // A brace begins a placeholder of ours, which no key has.
    const fixed = glob.split(/[*?{]/, 1)[0] ?? '';
    if (fixed.startsWith(start)) prefixes.add(fixed.slice(start.length));
    else if (start.startsWith(fixed) && fixed.length < glob.length) prefixes.add('');
  }
  const sorted = [...prefixes].sort();
  return sorted.filter((prefix) => !sorted.some((other) => other !== prefix && prefix.startsWith(other)));
}
