import type { SourceStatus, Verdict } from './data-sources.types.js';

/** What can happen to a source that may move its status. */
export type StatusEvent =
  Verdict['outcome'] | 'changed' | 'paused' | 'maintenance' | 'resumed' | 'retried' | 'deleted' | 'restored';

/**
 * The status machine. A pair that is missing leaves the status as it is: a verdict about a paused source, for one, says
 * nothing, because it was on its way when somebody paused it.
 */
const TRANSITIONS: Readonly<Record<SourceStatus, Partial<Record<StatusEvent, SourceStatus>>>> = {
  testing: {
    healthy: 'active',
    unreachable: 'inactive',
    misconfigured: 'failed',
    changed: 'testing',
    retried: 'testing',
    paused: 'inactive',
    maintenance: 'maintenance',
    // Nothing is tested any more. The other statuses stay: they say how the source was found last.
    deleted: 'inactive',
    restored: 'testing',
  },
  active: {
    healthy: 'active',
    unreachable: 'inactive',
    misconfigured: 'failed',
    changed: 'testing',
    retried: 'testing',
    paused: 'inactive',
    maintenance: 'maintenance',
    restored: 'testing',
  },
  inactive: {
    healthy: 'active',
    unreachable: 'inactive',
    misconfigured: 'failed',
    changed: 'testing',
    retried: 'testing',
    resumed: 'testing',
    paused: 'inactive',
    maintenance: 'maintenance',
    restored: 'testing',
  },
  failed: {
    healthy: 'active',
    // A source that a person must mend stays that: being down as well is no progress.
    unreachable: 'failed',
    misconfigured: 'failed',
    changed: 'testing',
    retried: 'testing',
    resumed: 'testing',
    paused: 'inactive',
    maintenance: 'maintenance',
    restored: 'testing',
  },
  maintenance: { resumed: 'testing', changed: 'maintenance', maintenance: 'maintenance', paused: 'inactive' },
};

/** The status after an event; a paused source moves only when a person acts. */
export function nextStatus(status: SourceStatus, event: StatusEvent, paused: boolean): SourceStatus {
  const byPerson = event === 'resumed' || event === 'maintenance' || event === 'paused';
  if (paused && !byPerson) return status;
  return TRANSITIONS[status][event] ?? status;
}
