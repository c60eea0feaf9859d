import { ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import { ERROR_CODES, type ErrorCode } from '../common/app-error.js';
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
  UuidField,
} from '../common/fields.js';
import { SOURCE_STATUSES, type SourceStatus } from '../data-sources/data-sources.types.js';
import { CHECK_OUTCOMES, HEALTH_STATES, type CheckOutcome, type HealthStateName } from './health.types.js';
import { RECOMMENDATIONS, type Recommendation } from './recommendations.policy.js';
import { SCORE_PARTS, type ScorePartName } from './score.policy.js';

export const HISTORY_BUCKETS = ['raw', 'hour', 'day'] as const;
export type HistoryBucket = (typeof HISTORY_BUCKETS)[number];

/** Which part of the history to show. */
export class HealthQuery {
  @EnumField(HISTORY_BUCKETS, {
    name: 'HealthHistoryBucket',
    optional: true,
    default: 'raw',
    description: '`raw`: each check, kept for 48 hours. `hour`, `day` (of UTC): sums, kept for 35 days.',
  })
  bucket: HistoryBucket = 'raw';

  @EnumField(CHECK_OUTCOMES, {
    name: 'HealthCheckOutcome',
    optional: true,
    description: 'Only checks with this outcome; with `bucket=raw`.',
  })
  outcome?: CheckOutcome;

  @DateField({ optional: true, description: 'The earliest moment.', example: '2026-01-31T08:00:00Z' })
  from?: string;

  @DateField({
    optional: true,
    description: 'The moment before which it happened.',
    example: '2026-01-31T09:00:00Z',
  })
  to?: string;

  @StringField({
    optional: true,
    min: 1,
    max: 200,
    description: '`history.next_cursor` of the page before.',
  })
  cursor?: string;

  @IntQuery({ optional: true, min: 1, max: 500, default: 50, description: 'Items of the history.' })
  limit = 50;
}

/** One check. */
export class HealthCheckView {
  @DateField({ description: 'When it began.' })
  at!: string;

  @EnumField(CHECK_OUTCOMES, { name: 'HealthCheckOutcome' })
  outcome!: CheckOutcome;

  @EnumField(Object.keys(ERROR_CODES), {
    name: 'ErrorCode',
    nullable: true,
    description: 'Where it did not succeed.',
  })
  code!: ErrorCode | null;

  @NumberField({ min: 0, description: 'Milliseconds.' })
  duration_ms!: number;
}

export class LastHealthCheckView extends HealthCheckView {
  @StringField({ nullable: true, max: 500 })
  message!: string | null;
}

export class HealthUptimeView {
  @NumberField({
    nullable: true,
    min: 0,
    max: 1,
    description: 'Share of the observed time in which it served; null where nothing was observed.',
    example: 0.9993,
  })
  ratio!: number | null;

  @NumberField({
    min: 0,
    max: 1,
    description:
      'Share of the window that checks account for: pauses and gaps count neither as up nor as down.',
  })
  observed!: number;

  @IntField({ min: 0 })
  checks!: number;

  @IntField({ min: 0 })
  failures!: number;
}

export class HealthLatencyView {
  @NumberField({ nullable: true, description: 'Milliseconds; null without a successful check.' })
  p50!: number | null;

  @NumberField({ nullable: true })
  p95!: number | null;

  @NumberField({ nullable: true })
  p99!: number | null;
}

export class HealthUptimeWindows {
  @ObjectField(HealthUptimeView)
  h24!: HealthUptimeView;

  @ObjectField(HealthUptimeView)
  d7!: HealthUptimeView;

  @ObjectField(HealthUptimeView)
  d30!: HealthUptimeView;
}

export class HealthLatencyWindows {
  @ObjectField(HealthLatencyView)
  h24!: HealthLatencyView;

  @ObjectField(HealthLatencyView)
  d7!: HealthLatencyView;

  @ObjectField(HealthLatencyView)
  d30!: HealthLatencyView;
}

/** The checks of an hour or a day. */
export class HealthBucketView {
  @DateField()
  from!: string;

  @DateField({ description: 'Exclusive.' })
  to!: string;

  @ObjectField(HealthUptimeView)
  uptime!: HealthUptimeView;

  @ObjectField(HealthLatencyView)
  latency!: HealthLatencyView;
}

@ApiExtraModels(HealthCheckView, HealthBucketView)
export class HealthHistoryView {
  @EnumField(HISTORY_BUCKETS, { name: 'HealthHistoryBucket' })
  bucket!: HistoryBucket;

  @Shown(
    {
      type: 'array',
      items: {
        anyOf: [{ $ref: getSchemaPath(HealthCheckView) }, { $ref: getSchemaPath(HealthBucketView) }],
      },
    },
    { description: 'Newest first: checks with `bucket=raw`, sums otherwise.' },
  )
  items!: HealthCheckView[] | HealthBucketView[];

  @StringField({ nullable: true, max: 200, description: 'Where the next page begins; null on the last.' })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}

export class HealthScorePartView {
  @EnumField(SCORE_PARTS, { name: 'HealthScorePartName' })
  name!: ScorePartName;

  @NumberField({ min: 0, max: 1, description: 'Share of the score.' })
  weight!: number;

  @IntField({ nullable: true, min: 0, max: 100, description: 'Null where too little was observed.' })
  value!: number | null;

  @StringField({ description: 'The figures behind it.' })
  reason!: string;
}

export class HealthScoreView {
  @IntField({ nullable: true, min: 0, max: 100, description: 'Null where nothing was observed.' })
  value!: number | null;

  @ObjectListField(HealthScorePartView)
  parts!: HealthScorePartView[];
}

export class HealthRecommendationView {
  @EnumField(RECOMMENDATIONS, { name: 'HealthRecommendationCode' })
  code!: Recommendation['code'];

  @EnumField(['critical', 'warning', 'info'], { name: 'HealthRecommendationSeverity' })
  severity!: Recommendation['severity'];

  @StringField({ max: 500, description: 'What to do.' })
  text!: string;

  @StringField({ max: 1_000, description: 'The figures behind it.' })
  reason!: string;
}

/** How well a source serves. */
export class HealthView {
  @UuidField()
  data_source_id!: string;

  @EnumField(HEALTH_STATES, {
    name: 'HealthState',
    description:
      '`suspended`: paused or in maintenance, so it is not checked; `unknown`: its test is running.',
  })
  state!: HealthStateName;

  @EnumField(SOURCE_STATUSES, { name: 'SourceStatus' })
  status!: SourceStatus;

  @BoolField({ description: 'A person must act before it is checked again.' })
  needs_user_action!: boolean;

  @DateField({ description: 'Since when the status holds.' })
  since!: string;

  @ObjectField(LastHealthCheckView, { nullable: true })
  last_check!: LastHealthCheckView | null;

  @DateField({ nullable: true, description: 'When it last served at a check.' })
  last_ok_at!: string | null;

  @DateField({ nullable: true, description: 'Null where it is not checked by itself.' })
  next_check_at!: string | null;

  @ObjectField(HealthScoreView)
  score!: HealthScoreView;

  @ObjectField(HealthUptimeWindows)
  uptime!: HealthUptimeWindows;

  @ObjectField(HealthLatencyWindows)
  latency!: HealthLatencyWindows;

  @ObjectField(HealthHistoryView)
  history!: HealthHistoryView;

  @ObjectListField(HealthRecommendationView)
  recommendations!: HealthRecommendationView[];
}

export class HealthVerdictCounts {
  @IntField({ min: 0 })
  healthy!: number;

  @IntField({ min: 0 })
  unreachable!: number;

  @IntField({ min: 0 })
  misconfigured!: number;
}

/** The checks of one organization in the last 24 hours, for GET /metrics. */
export class HealthFiguresView {
  @IntField({ min: 0 })
  checks_24h!: number;

  @IntField({ min: 0 })
  failures_24h!: number;

  @NumberField({
    nullable: true,
    min: 0,
    description: 'Milliseconds, over the successful checks; null where there was none.',
  })
  average_latency_ms!: number | null;

  @ObjectField(HealthVerdictCounts, {
    description: 'Sources that have been checked, by what their checks say.',
  })
  sources_by_state!: HealthVerdictCounts;
}
