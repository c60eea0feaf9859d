import {
  BoolField,
  DateField,
  EnumField,
  IntField,
  IntQuery,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
  UuidField,
} from '../../common/fields.js';
import { DATASET_KINDS, type DatasetKind } from '../../connectors/spi/index.js';
import { PROJECTION_FORM } from '../projection.policy.js';
import { STALE_REASONS, type StaleReason } from '../staleness.policy.js';
import { RUN_STATES, type RunState } from '../schema-discovery.types.js';
import { DatasetView, NAME_MAX } from './dataset.view.js';
import { ScopeOutcomeView } from './run.view.js';

export const CATALOG_STATES = ['never_discovered', 'discovered'] as const;

export class SchemaQuery {
  @StringField({ optional: true, min: 1, max: NAME_MAX, description: 'Only this schema.' })
  schema?: string;

  @StringField({ optional: true, min: 1, max: NAME_MAX, description: 'Only datasets of this name.' })
  dataset?: string;

  @EnumField(DATASET_KINDS, { optional: true, name: 'DatasetKind' })
  kind?: DatasetKind;

  @StringField({
    optional: true,
    min: 1,
    max: 200,
    description: 'Text in names and comments of datasets and fields, in any case.',
  })
  q?: string;

  @StringField({
    optional: true,
    min: 1,
    max: 500,
    pattern: /^-?[a-z_]+(,-?[a-z_]+)*$/,
    form: PROJECTION_FORM,
    description: 'The wanted parts of a dataset, or the unwanted ones, each with a minus in front.',
    example: '-fields,-indexes',
  })
  fields?: string;

  @IntQuery({
    optional: true,
    min: 1,
    max: 2_147_483_647,
    description: 'A snapshot; the latest unless given.',
  })
  snapshot?: number;

  @StringField({ optional: true, min: 1, max: 8_000, description: '`next_cursor` of the page before.' })
  cursor?: string;

  @IntQuery({
    optional: true,
    min: 1,
    max: 1_000,
    default: 100,
    description: 'Datasets in a page; a page of more than 8 MB ends early.',
  })
  limit = 100;
}

export class SnapshotScopeView extends ScopeOutcomeView {
  @IntField({ min: 0 })
  dataset_count!: number;
}

export class SchemaView extends SnapshotScopeView {
  @ObjectListField(DatasetView, { description: 'The datasets of this page.' })
  datasets!: readonly DatasetView[];
}

export class ScopeCountsView {
  @IntField({ min: 0 })
  complete!: number;

  @IntField({ min: 0 })
  partial!: number;

  @IntField({ min: 0 })
  failed!: number;
}

export class CatalogCountsView {
  @IntField({ min: 0 })
  schemas!: number;

  @IntField({ min: 0 })
  datasets!: number;

  @Shown({ type: 'object', additionalProperties: { type: 'integer' } })
  by_kind!: Readonly<Record<string, number>>;
}

export class LastRunView {
  @UuidField()
  run_id!: string;

  @EnumField(RUN_STATES, { name: 'DiscoveryRunState' })
  state!: RunState;
}

/** What a page says before its datasets. */
export class CatalogView {
  @EnumField(CATALOG_STATES, { name: 'CatalogState', description: 'Whether there is a snapshot at all.' })
  state!: (typeof CATALOG_STATES)[number];

  @IntField({ nullable: true, min: 1, description: 'Number of the snapshot that this page shows.' })
  snapshot!: number | null;

  @IntField({ nullable: true, min: 1 })
  latest_snapshot!: number | null;

  @DateField({ nullable: true, description: 'When a run last found that it is like this.' })
  discovered_at!: string | null;

  @BoolField({ description: 'There is a reason to doubt that the source is still like this.' })
  stale!: boolean;

  @EnumField(STALE_REASONS, { name: 'StaleReason', nullable: true })
  stale_reason!: StaleReason | null;

  @ObjectField(LastRunView, { nullable: true })
  last_run!: LastRunView | null;

  @ObjectField(CatalogCountsView)
  counts!: CatalogCountsView;

  @ObjectField(ScopeCountsView, { description: 'How completely the schemas could be read.' })
  completeness!: ScopeCountsView;

  @ObjectListField(SnapshotScopeView, {
    description: 'The schemas of the snapshot, the incomplete ones first, at most 1,000 of them.',
  })
  scopes!: readonly SnapshotScopeView[];
}

export class SchemaPage extends CatalogView {
  @ObjectListField(SchemaView, { description: 'In the order of their names, by bytes.' })
  schemas!: readonly SchemaView[];

  @StringField({ nullable: true, max: 8_000, description: 'Where the next page begins; null on the last.' })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}
