import {
  BoolField,
  EnumField,
  IntField,
  NumberField,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
  TextListField,
} from '../../common/fields.js';
import { DATASET_KINDS, type DatasetKind, type NormalizedType } from '../../connectors/spi/index.js';

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

export const NAME_MAX = 2_000;

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
