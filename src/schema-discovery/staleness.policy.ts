import type { RunState } from './schema-discovery.types.js';

export const STALE_REASONS = ['never_discovered', 'source_changed', 'last_run_failed', 'overdue'] as const;
export type StaleReason = (typeof STALE_REASONS)[number];

export interface CatalogAge {
  /** It was read from where the source is now. */
  readonly samePlace: boolean;
  readonly discoveredAt: Date | undefined;
  readonly lastOutcome: RunState | undefined;
  readonly autoRefresh: boolean;
  readonly intervalS: number;
}

/** Why what is served may not be what is there; undefined while there is no reason to doubt it. */
export function staleReason(age: CatalogAge, now: Date): StaleReason | undefined {
  if (!age.discoveredAt) return 'never_discovered';
  if (!age.samePlace) return 'source_changed';
  if (age.lastOutcome === 'failed') return 'last_run_failed';
  const ageS = (now.getTime() - age.discoveredAt.getTime()) / 1_000;
  // Without a refresh of its own nothing is promised, so nothing is overdue.
  return age.autoRefresh && ageS > 2 * age.intervalS ? 'overdue' : undefined;
}
