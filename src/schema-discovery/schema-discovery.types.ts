import type { ErrorCode } from '../common/app-error.js';
import type { DiscoveryStrategy } from '../connectors/spi/index.js';

export const RUN_MODES = ['full', 'incremental', 'selective'] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const RUN_TRIGGERS = ['manual', 'schedule', 'first'] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];

/** `partial`: stored, but some scopes could not be read in full. */
export const RUN_STATES = ['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const;
export type RunState = (typeof RUN_STATES)[number];

export const STRATEGIES = ['conservative', 'balanced', 'aggressive'] as const satisfies DiscoveryStrategy[];

export const SCOPE_STATUSES = ['complete', 'partial', 'failed'] as const;
export type ScopeStatus = (typeof SCOPE_STATUSES)[number];

/** How a schema (bucket, keyspace, folder) ended; as it is stored and served. */
export interface ScopeOutcome {
  readonly name: string;
  readonly status: ScopeStatus;
  readonly code?: ErrorCode;
  readonly reason?: string;
}

/** A scope of a snapshot, with the datasets that the snapshot shows of it. */
export interface SnapshotScope extends ScopeOutcome {
  readonly datasets: number;
}

/** What a run did to the catalog, in datasets. */
export interface ChangeCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
}

export interface RunProgress {
  readonly datasets_done: number;
  /** Known as far as the source has said so. */
  readonly datasets_expected: number | null;
  readonly scopes_done: number;
  readonly scope: string | null;
  readonly datasets_per_s: number;
  readonly elapsed_ms: number;
}

export interface RunError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryable: boolean;
}

/** What a caller wants to have discovered. */
export interface RunOrder {
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly strategy?: DiscoveryStrategy;
}

export function isActive(state: RunState): boolean {
  return state === 'queued' || state === 'running';
}
