import {
  BoolField,
  EnumField,
  IntField,
  IntQuery,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
} from '../../common/fields.js';
import { CHANGE_TYPES, type ChangeType } from '../change-rules.policy.js';

export class DiffQuery {
  @IntQuery({
    optional: true,
    min: 0,
    max: 2_147_483_647,
    description: 'The older snapshot; the one before `to` unless given. 0 is the empty catalog.',
  })
  from?: number;

  @IntQuery({
    optional: true,
    min: 1,
    max: 2_147_483_647,
    description: 'The newer snapshot; the latest unless given.',
  })
  to?: number;

  @StringField({ optional: true, min: 1, max: 8_000, description: '`next_cursor` of the page before.' })
  cursor?: string;

  @IntQuery({
    optional: true,
    min: 1,
    max: 500,
    default: 100,
    description: 'Datasets in a page, with all their changes.',
  })
  limit = 100;
}

const ANYTHING = { $ref: '#/components/schemas/AnyJson' };

export class SchemaChangeView {
  @EnumField(CHANGE_TYPES, { name: 'SchemaChangeType' })
  type!: ChangeType;

  @StringField({ max: 2_000 })
  schema!: string;

  @StringField({ max: 2_000 })
  dataset!: string;

  @StringField({
    optional: true,
    max: 4_000,
    description: 'The field (dotted where nested), key, check or index; absent for the dataset itself.',
  })
  path?: string;

  @Shown(ANYTHING, { optional: true, description: 'As the type of the change has it.' })
  before?: unknown;

  @Shown(ANYTHING, { optional: true, description: 'As the type of the change has it.' })
  after?: unknown;

  @BoolField({ description: 'A reader or writer that kept to the old shape may fail.' })
  breaking!: boolean;
}

export class DiffSummaryView {
  @IntField({ min: 0 })
  datasets_added!: number;

  @IntField({ min: 0 })
  datasets_removed!: number;

  @IntField({ min: 0 })
  datasets_changed!: number;
}

export class SchemaDiff {
  @IntField({
    nullable: true,
    min: 0,
    description: 'Null where there is no earlier snapshot to compare with.',
  })
  from!: number | null;

  @IntField({ nullable: true, min: 1, description: 'Null where nothing was discovered yet.' })
  to!: number | null;

  @ObjectField(DiffSummaryView, { description: 'Of the whole comparison, not of this page.' })
  summary!: DiffSummaryView;

  @ObjectListField(SchemaChangeView, { description: 'In the order of schema and dataset.' })
  changes!: SchemaChangeView[];

  @StringField({ nullable: true, max: 8_000, description: 'Where the next page begins; null on the last.' })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}
