import type { RunMode, ScopeOutcome } from './schema-discovery.types.js';

/** How a run ends whose listing was read to the end. Nothing is stored of a run in which every scope failed. */
export function runOutcome(scopes: readonly ScopeOutcome[]): 'succeeded' | 'partial' | 'failed' {
  if (scopes.every(({ status }) => status === 'complete')) return 'succeeded';
  return scopes.every(({ status }) => status === 'failed') ? 'failed' : 'partial';
}

const SELECTION: Omit<ScopeOutcome, 'name'> = {
  status: 'partial',
  reason: 'Only a selection of it was read.',
};

/**
 * The scopes of the next snapshot. A run over everything says it all; a selective one may only make things worse:
 * what was never read in full does not become complete by reading a part of it.
 */
export function nextScopes(
  mode: RunMode,
  before: readonly ScopeOutcome[],
  read: readonly ScopeOutcome[],
): ScopeOutcome[] {
  if (mode !== 'selective') return [...read];
  const next = new Map(before.map((scope) => [scope.name, scope]));
  for (const scope of read) {
    const known = next.get(scope.name);
    if (scope.status !== 'complete') {
      if (known?.status !== 'failed') next.set(scope.name, scope);
    } else if (!known) next.set(scope.name, { name: scope.name, ...SELECTION });
  }
  return [...next.values()];
}

/** Whether two sets of scopes say the same. */
export function sameScopes(a: readonly ScopeOutcome[], b: readonly ScopeOutcome[]): boolean {
  const key = ({ name, status, code, reason }: ScopeOutcome): string =>
    JSON.stringify([name, status, code, reason]);
  if (a.length !== b.length) return false;
  const known = new Set(a.map(key));
  return b.every((scope) => known.has(key(scope)));
}
