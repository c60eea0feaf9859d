import {
  DateField,
  EnumField,
  IntField,
  NumberField,
  ObjectField,
  ObjectListField,
  StringField,
} from '../../common/fields.js';
import { PURPOSES, type Purpose } from '../../connectors/spi/index.js';

export class LoadSumsView {
  @IntField()
  statements!: number;

  @IntField({ description: 'Statements that failed.' })
  errors!: number;

  @IntField({ description: 'Rows that came back, where the driver counts them.' })
  rows!: number;

  @IntField({
    description: 'Bytes that came back, where the driver knows; near it where answers travel together.',
  })
  bytes!: number;

  @NumberField({ description: 'Milliseconds from the request to the end of its answer, together.' })
  ms_total!: number;

  @NumberField({ description: 'Milliseconds of the slowest.' })
  ms_max!: number;
}

export class PurposeLoadView extends LoadSumsView {
  @EnumField(PURPOSES, { name: 'LoadPurpose' })
  purpose!: Purpose;
}

export class FormLoadView extends PurposeLoadView {
  @StringField({ description: 'Equal for statements that differ in values and quoted names only.' })
  fingerprint!: string;

  @StringField({ description: 'The first 120 characters, values and quoted names replaced.' })
  text!: string;
}

export class StatementView {
  @DateField()
  at!: string;

  @EnumField(PURPOSES, { name: 'LoadPurpose' })
  purpose!: Purpose;

  @StringField({ description: 'The user, or `system:` and the job.' })
  by!: string;

  @StringField()
  fingerprint!: string;

  @NumberField()
  ms!: number;

  @IntField()
  rows!: number;

  @EnumField(['ok', 'failed'], { name: 'StatementOutcome' })
  outcome!: string;
}

export class LoadNowView {
  @IntField()
  statements_last_minute!: number;
}

/** What the answering process ran on a source. */
export class LoadView {
  @DateField({ description: 'Since when this process counts.' })
  from!: string;

  @DateField()
  to!: string;

  @ObjectField(LoadNowView)
  now!: LoadNowView;

  @ObjectListField(PurposeLoadView)
  by_purpose!: PurposeLoadView[];

  @ObjectListField(FormLoadView, { description: 'The 20 kinds of statements that took most time.' })
  top!: FormLoadView[];

  @ObjectListField(StatementView, { description: 'The last 100 statements, the newest first.' })
  recent!: StatementView[];
}
