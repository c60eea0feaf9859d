import {
  BoolField,
  DateField,
  EnumField,
  IntField,
  IntQuery,
  NumberField,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
  TextListField,
  UuidField,
} from '../../common/fields.js';
import { DATASET_KINDS, type DatasetKind, type NormalizedType } from '../../connectors/spi/index.js';
import { STALE_REASONS, type StaleReason } from '../staleness.policy.js';
import { RUN_STATES, type RunState } from '../schema-discovery.types.js';
import { ScopeOutcomeView } from './run.view.js';

export const CATALOG_STATES = ['never_discovered', 'discovered'] as const;

const FIELD_TYPES = [
  'boolean',
  'integer',
  'decimal',
  'float',
  'string',
  'binary',
  'date',
  'time',
  'timestamp',
  'timestamp_tz',
  'interval',
  'uuid',
  'json',
  'array',
  'object',
  'map',
  'enum',
  'geometry',
  'network',
  'unknown',
] as const satisfies readonly NormalizedType[];

const NAME_MAX = 2_000;

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

export class FieldView {
  @StringField({ max: NAME_MAX })
  name!: string;

  @IntField({ min: 1, description: 'Position in the dataset.' })
  ordinal!: number;

  @StringField({ description: 'The type as the source writes it.', example: 'numeric(12,2)' })
  native_type!: string;

  @EnumField(FIELD_TYPES, { name: 'FieldType' })
  type!: NormalizedType;

  @BoolField()
  nullable!: boolean;

  @StringField({ optional: true, description: 'The default as the source writes it.' })
  default?: string;

  @EnumField(['always', 'by_default'], { optional: true, name: 'IdentityKind' })
  identity?: 'always' | 'by_default';

  @StringField({ optional: true, description: 'The expression of a generated column.' })
  generated?: string;

  @StringField({ optional: true })
  comment?: string;

  @StringField({ optional: true })
  collation?: string;

  @IntField({ optional: true })
  max_length?: number;

  @IntField({ optional: true })
  precision?: number;

  @IntField({ optional: true })
  scale?: number;

  @TextListField({ optional: true, description: 'Members of an enum, in their order.' })
  values?: readonly string[];

  @BoolField({ optional: true, description: 'The type was inferred from data.' })
  inferred?: boolean;

  @NumberField({
    optional: true,
    min: 0,
    max: 1,
    description: 'Share of the sampled records that have the field.',
  })
  prevalence?: number;

  @Shown(
    { type: 'array', items: { $ref: '#/components/schemas/FieldView' } },
    { optional: true, description: 'Fields of an object, or of the items of an array.' },
  )
  fields?: readonly FieldView[];
}

export class KeyView {
  @StringField()
  name!: string;

  @TextListField()
  columns!: readonly string[];
}

export class DatasetReferenceView {
  @StringField({ max: NAME_MAX })
  schema!: string;

  @StringField({ max: NAME_MAX })
  dataset!: string;
}

export class ReferencedColumnsView extends DatasetReferenceView {
  @TextListField()
  columns!: readonly string[];
}

export class ForeignKeyView extends KeyView {
  @ObjectField(ReferencedColumnsView)
  references!: ReferencedColumnsView;

  @StringField({ optional: true, example: 'cascade' })
  on_update?: string;

  @StringField({ optional: true, example: 'cascade' })
  on_delete?: string;
}

export class CheckView {
  @StringField()
  name!: string;

  @StringField()
  expression!: string;
}

export class IndexView {
  @StringField()
  name!: string;

  @TextListField({ description: 'Column names; an expression stands as the source writes it.' })
  columns!: readonly string[];

  @BoolField()
  unique!: boolean;

  @BoolField({ optional: true })
  primary?: boolean;

  @StringField({ optional: true, example: 'btree' })
  method?: string;

  @StringField({ optional: true, description: 'Predicate of a partial index.' })
  predicate?: string;
}

export class DatasetView {
  @StringField({ max: NAME_MAX })
  schema!: string;

  @StringField({ max: NAME_MAX })
  name!: string;

  @EnumField(DATASET_KINDS, { optional: true, name: 'DatasetKind' })
  kind?: DatasetKind;

  @StringField({ optional: true })
  comment?: string;

  @ObjectListField(FieldView, { optional: true })
  fields?: readonly FieldView[];

  @ObjectField(KeyView, { optional: true })
  primary_key?: KeyView;

  @ObjectListField(KeyView, { optional: true })
  unique_keys?: readonly KeyView[];

  @ObjectListField(ForeignKeyView, { optional: true })
  foreign_keys?: readonly ForeignKeyView[];

  @ObjectListField(CheckView, { optional: true })
  checks?: readonly CheckView[];

  @ObjectListField(IndexView, { optional: true })
  indexes?: readonly IndexView[];

  @ObjectField(DatasetReferenceView, { optional: true, description: 'The parent of a partition.' })
  partition_of?: DatasetReferenceView;

  @StringField({ optional: true, description: 'How it is split, or the bounds of a partition.' })
  partitioning?: string;

  @StringField({ optional: true, description: 'Text of a view.' })
  definition?: string;

  @IntField({ optional: true, min: 0, description: "The source's own estimate." })
  row_estimate?: number;

  @IntField({ optional: true, min: 0 })
  size_bytes?: number;

  @Shown(
    { type: 'object', additionalProperties: true },
    { optional: true, description: 'Facts that only this kind of source has.' },
  )
  properties?: Readonly<Record<string, unknown>>;
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
