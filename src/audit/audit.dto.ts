import {
  DateField,
  EnumField,
  IntQuery,
  ObjectListField,
  Shown,
  StringField,
  UuidField,
  BoolField,
  IntField,
  TextListField,
} from '../common/fields.js';
import { AUDIT_RESULTS } from './audit-entry.js';

export class AuditEventQuery {
  @StringField({
    optional: true,
    max: 200,
    min: 1,
    description: 'Who did it: `sub` of the token, or `system:<job>`.',
  })
  actor?: string;

  @StringField({
    optional: true,
    max: 100,
    min: 1,
    description: 'What was done.',
    example: 'data_source.create',
  })
  action?: string;

  @StringField({ optional: true, max: 200, min: 1, description: 'What it was done to.' })
  target_id?: string;

  @EnumField(AUDIT_RESULTS, { optional: true, name: 'AuditResult' })
  result?: (typeof AUDIT_RESULTS)[number];

  @DateField({ optional: true, description: 'The earliest moment.' })
  from?: string;

  @DateField({ optional: true, description: 'The moment before which it happened.' })
  to?: string;

  @StringField({ optional: true, max: 500, min: 1, description: '`next_cursor` of the page before.' })
  cursor?: string;

  @IntQuery({ optional: true, min: 1, max: 200, default: 50 })
  limit = 50;
}

export class AuditEventView {
  @UuidField()
  id!: string;

  @DateField({ description: 'With microseconds.', example: '2026-01-31T08:15:30.123456Z' })
  occurred_at!: string;

  @StringField({ description: '`sub` of the token, or `system:<job>`.', example: 'alice' })
  actor!: string;

  @StringField({ example: 'data_source.create' })
  action!: string;

  @StringField({ example: 'data_source' })
  target_type!: string;

  @StringField({
    nullable: true,
    description: 'Id of the target; for `access.denied` the missing permission.',
  })
  target_id!: string | null;

  @EnumField(AUDIT_RESULTS, { name: 'AuditResult' })
  result!: (typeof AUDIT_RESULTS)[number];

  @StringField({ nullable: true, description: 'The error code, where it did not succeed.' })
  code!: string | null;

  @IntField({ nullable: true, min: 0 })
  duration_ms!: number | null;

  @StringField({ nullable: true })
  request_id!: string | null;

  @StringField({ nullable: true, description: 'Address of the client.' })
  ip!: string | null;

  @StringField({ nullable: true })
  user_agent!: string | null;

  @TextListField({ description: 'Names of the changed fields, never their values.' })
  changed!: string[];

  @Shown({ type: 'object', additionalProperties: true })
  details!: Record<string, unknown>;
}

export class AuditEventPage {
  @ObjectListField(AuditEventView)
  items!: AuditEventView[];

  @StringField({ nullable: true, max: 500, description: 'Where the next page begins; null on the last.' })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}
