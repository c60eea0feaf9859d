import {
  BoolField,
  DateField,
  EnumField,
  IntField,
  IntQuery,
  NumberField,
  ObjectField,
  ObjectListField,
  StringField,
  TextListField,
  UuidField,
} from '../../common/fields.js';
import { ERROR_CODES, type ErrorCode } from '../../common/app-error.js';
import type { DiscoveryStrategy } from '../../connectors/spi/index.js';
import {
  RUN_MODES,
  RUN_STATES,
  RUN_TRIGGERS,
  SCOPE_STATUSES,
  STRATEGIES,
  type RunMode,
  type RunState,
  type RunTrigger,
  type ScopeStatus,
} from '../schema-discovery.types.js';

export const CODES = Object.keys(ERROR_CODES);

export class RunProgressView {
  @IntField({ min: 0 })
  datasets_done!: number;

  @IntField({ nullable: true, min: 0, description: 'As far as the source has said so.' })
  datasets_expected!: number | null;

  @IntField({ min: 0 })
  scopes_done!: number;

  @StringField({ nullable: true, max: 2_000, description: 'The schema that is being read.' })
  scope!: string | null;

  @NumberField({ min: 0 })
  datasets_per_s!: number;

  @IntField({ min: 0 })
  elapsed_ms!: number;
}

export class ChangeCountsView {
  @IntField({ min: 0 })
  added!: number;

  @IntField({ min: 0 })
  changed!: number;

  @IntField({ min: 0 })
  removed!: number;

  @IntField({ min: 0 })
  unchanged!: number;
}

export class ScopeOutcomeView {
  @StringField({ max: 2_000, example: 'public' })
  name!: string;

  @EnumField(SCOPE_STATUSES, { name: 'ScopeStatus' })
  status!: ScopeStatus;

  @EnumField(CODES, { name: 'ErrorCode', optional: true })
  code?: ErrorCode;

  @StringField({ optional: true, max: 1_000, description: 'Why it is not complete.' })
  reason?: string;
}

export class RunErrorView {
  @EnumField(CODES, { name: 'ErrorCode' })
  code!: ErrorCode;

  @StringField({ max: 1_000 })
  message!: string;

  @BoolField({ description: 'Whether the same run may succeed later.' })
  retryable!: boolean;
}

export class DiscoveryRunView {
  @UuidField()
  run_id!: string;

  @UuidField()
  data_source_id!: string;

  @EnumField(RUN_STATES, { name: 'DiscoveryRunState' })
  state!: RunState;

  @EnumField(RUN_MODES, { name: 'DiscoveryMode' })
  mode!: RunMode;

  @EnumField(STRATEGIES, { name: 'DiscoveryStrategy' })
  strategy!: DiscoveryStrategy;

  @TextListField({ description: 'Globs of a selective run.' })
  include!: readonly string[];

  @TextListField()
  exclude!: readonly string[];

  @EnumField(RUN_TRIGGERS, { name: 'DiscoveryTrigger' })
  trigger!: RunTrigger;

  @StringField({ description: '`sub` of the token, or `system:<job>`.', example: 'alice' })
  requested_by!: string;

  @IntField({ min: 0, description: 'How often a worker has begun it.' })
  attempt!: number;

  @ObjectField(RunProgressView, { nullable: true })
  progress!: RunProgressView | null;

  @ObjectField(ChangeCountsView, { nullable: true, description: 'What it did to the catalog, in datasets.' })
  changes!: ChangeCountsView | null;

  @ObjectListField(ScopeOutcomeView, {
    description: 'Schemas that could not be read in full, at most 100 of them.',
  })
  incomplete_scopes!: readonly ScopeOutcomeView[];

  @ObjectField(RunErrorView, { nullable: true })
  error!: RunErrorView | null;

  @IntField({ nullable: true, min: 1, description: 'The snapshot that shows what it found.' })
  snapshot!: number | null;

  @DateField()
  created_at!: string;

  @DateField({ nullable: true })
  started_at!: string | null;

  @DateField({ nullable: true })
  finished_at!: string | null;

  @IntField({ nullable: true, min: 0 })
  duration_ms!: number | null;
}

export class DiscoveryRunPage {
  @ObjectListField(DiscoveryRunView)
  items!: DiscoveryRunView[];

  @StringField({ nullable: true, max: 500, description: 'Where the next page begins; null on the last.' })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}

export class DiscoveryRunQuery {
  @EnumField(RUN_STATES, { name: 'DiscoveryRunState', optional: true })
  state?: RunState;

  @StringField({ optional: true, max: 500, min: 1, description: '`next_cursor` of the page before.' })
  cursor?: string;

  @IntQuery({ optional: true, min: 1, max: 100, default: 20 })
  limit = 20;
}
