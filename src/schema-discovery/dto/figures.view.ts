import { IntField, ObjectField, Shown } from '../../common/fields.js';
import type { RunState } from '../schema-discovery.types.js';

export class DiscoveryDurationsView {
  @IntField({ nullable: true, min: 0 })
  p50!: number | null;

  @IntField({ nullable: true, min: 0 })
  p95!: number | null;

  @IntField({ nullable: true, min: 0 })
  max!: number | null;
}

export class SchemaCacheView {
  @IntField({ min: 0 })
  hits!: number;

  @IntField({ min: 0 })
  misses!: number;

  @IntField({ min: 0 })
  entries!: number;

  @IntField({ min: 0 })
  bytes!: number;
}

/** What an organization sees of its discoveries in GET /metrics. */
export class DiscoveryFiguresView {
  @Shown(
    { type: 'object', additionalProperties: { type: 'integer' } },
    { description: 'Runs of the last 24 hours by state.' },
  )
  runs_24h!: Readonly<Record<RunState, number>>;

  @ObjectField(DiscoveryDurationsView, {
    description: 'Milliseconds of the runs that ended within them; null where none did.',
  })
  duration_ms!: DiscoveryDurationsView;

  @ObjectField(SchemaCacheView, { description: 'Of this process, over all organizations.' })
  schema_cache!: SchemaCacheView;
}
