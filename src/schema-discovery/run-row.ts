import type { DiscoveryStrategy } from '../connectors/spi/index.js';
import type { DiscoveryRunView } from './dto/run.view.js';
import type {
  ChangeCounts,
  RunError,
  RunMode,
  RunProgress,
  RunState,
  RunTrigger,
  ScopeOutcome,
} from './schema-discovery.types.js';

/** A row of `discovery_runs` as `RUN_COLUMNS` selects it. */
export interface RunRow {
  readonly id: string;
  readonly data_source_id: string;
  readonly mode: RunMode;
  readonly strategy: DiscoveryStrategy;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly trigger: RunTrigger;
  readonly state: RunState;
  readonly attempt: number;
  readonly progress: RunProgress | null;
  readonly counts: ChangeCounts | null;
  readonly scopes: readonly ScopeOutcome[] | null;
  readonly error: RunError | null;
  readonly snapshot: number | null;
  readonly event_seq: number;
  readonly requested_by: string;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

export const RUN_COLUMNS = `id, data_source_id, mode, strategy, include, exclude, trigger, state, attempt, progress, counts,
  scopes, error, snapshot, event_seq, requested_by, created_at, started_at, finished_at`;

export function toRunView(row: RunRow): DiscoveryRunView {
  const { id, counts, scopes, created_at, started_at, finished_at } = row;
  const { data_source_id, state, mode, strategy, include, exclude, trigger } = row;
  const { requested_by, attempt, progress, error, snapshot } = row;
  return {
    run_id: id,
    data_source_id,
    state,
    mode,
    strategy,
    include,
    exclude,
    trigger,
    requested_by,
    attempt,
    progress,
    changes: counts,
    incomplete_scopes: scopes ?? [],
    error,
    snapshot,
    created_at: created_at.toISOString(),
    started_at: started_at?.toISOString() ?? null,
    finished_at: finished_at?.toISOString() ?? null,
    duration_ms: started_at && finished_at ? finished_at.getTime() - started_at.getTime() : null,
  };
}
