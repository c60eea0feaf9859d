import {
  BoolField,
  DateField,
  EnumField,
  IntField,
  NumberField,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
  TextListField,
  UuidField,
} from '../../common/fields.js';
import { SOURCE_STATUSES, type SourceStatus } from '../data-sources.types.js';
import { CATEGORIES, DiscoverySettingsDto, HealthSettingsDto, PoolSettingsDto } from './settings.dto.js';

export class ServerInfoView {
  @StringField({ example: 'PostgreSQL' })
  product!: string;

  @StringField({ example: '18.4' })
  version!: string;
}

export class StatusReasonView {
  @StringField({ description: 'An ErrorCode, or PAUSED, MAINTENANCE, NEW, CHANGED, DELETED, RETRY, OK.' })
  code!: string;

  @StringField()
  message!: string;

  @BoolField({ description: 'A person must act.' })
  user_action!: boolean;

  @DateField()
  since!: string;
}

export class DataSourceView {
  @UuidField()
  id!: string;

  @StringField()
  name!: string;

  @StringField({ nullable: true })
  description!: string | null;

  @Shown({ $ref: '#/components/schemas/SourceType' }, { example: 'postgresql' })
  type!: string;

  @EnumField(CATEGORIES, { name: 'Category' })
  category!: string;

  @Shown({ $ref: '#/components/schemas/ConnectionView' }, { description: 'Without its secrets.' })
  connection!: Record<string, unknown>;

  @TextListField({
    description: 'Secrets that are stored; their values are never returned.',
    example: ['password'],
  })
  secrets_set!: string[];

  @BoolField({
    description:
      'The connection does not verify the server: `tls.mode` is `disable`, `require` or `verify_ca`. A test of it warns.',
  })
  tls_unverified!: boolean;

  @StringField({ nullable: true })
  file_path!: string | null;

  @ObjectField(PoolSettingsDto)
  pool!: PoolSettingsDto;

  @ObjectField(DiscoverySettingsDto)
  discovery!: DiscoverySettingsDto;

  @ObjectField(HealthSettingsDto)
  health!: HealthSettingsDto;

  @TextListField()
  tags!: string[];

  @StringField({ nullable: true })
  environment!: string | null;

  @StringField({ nullable: true })
  location!: string | null;

  @StringField({ nullable: true })
  owner_id!: string | null;

  @EnumField(SOURCE_STATUSES, { name: 'SourceStatus' })
  status!: SourceStatus;

  @ObjectField(StatusReasonView)
  status_reason!: StatusReasonView;

  @DateField({ nullable: true, description: 'When a pause or a maintenance ends by itself.' })
  status_until!: string | null;

  @ObjectField(ServerInfoView, { nullable: true })
  server!: ServerInfoView | null;

  @IntField({ description: 'Grows with each change of the configuration, not with the status.' })
  version!: number;

  @StringField()
  created_by!: string;

  @DateField()
  created_at!: string;

  @DateField()
  updated_at!: string;

  @DateField({ nullable: true })
  deleted_at!: string | null;

  @DateField({ nullable: true, description: 'When a deleted source goes for good.' })
  purge_at!: string | null;
}

export class DataSourcePage {
  @ObjectListField(DataSourceView)
  items!: DataSourceView[];

  @IntField({ nullable: true, description: 'Null where a cursor was given.' })
  page!: number | null;

  @IntField()
  limit!: number;

  @IntField()
  total!: number;

  @IntField()
  total_pages!: number;

  @StringField({ nullable: true, max: 500 })
  next_cursor!: string | null;

  @BoolField()
  has_more!: boolean;
}

export class DeletedView {
  @UuidField()
  id!: string;

  @DateField()
  deleted_at!: string;

  @DateField()
  purge_at!: string;
}

export class FileUrlView {
  @StringField({ format: 'uri', max: 4_096 })
  url!: string;

  @DateField()
  expires_at!: string;
}

export class RemedyView {
  @StringField({ max: 2_000 })
  text!: string;

  @TextListField({ optional: true, description: 'Statements that mend it, in order.' })
  sql?: string[];

  @StringField({ optional: true })
  docs_url?: string;
}

const STEP_STATUSES = ['passed', 'failed', 'warning', 'skipped'] as const;
const OUTCOMES = ['ok', 'degraded', 'failed', 'unsupported', 'inconclusive', 'not_permitted'] as const;

export class TestStepView {
  @StringField({ example: 'auth' })
  name!: string;

  @BoolField()
  mandatory!: boolean;

  @EnumField(STEP_STATUSES, { name: 'TestStepStatus' })
  status!: string;

  @DateField()
  started_at!: string;

  @NumberField()
  duration_ms!: number;

  @Shown({ $ref: '#/components/schemas/ErrorCode' }, { optional: true })
  code?: string;

  @StringField({ optional: true })
  message?: string;

  @ObjectField(RemedyView, { optional: true })
  remedy?: RemedyView;

  @Shown({ type: 'object', additionalProperties: true }, { optional: true })
  detail?: Record<string, unknown>;
}

export class CapabilityView {
  @BoolField()
  capable!: boolean;

  @StringField({ optional: true })
  reason?: string;

  @ObjectField(RemedyView, { optional: true })
  remedy?: RemedyView;
}

export class TestResultView {
  @UuidField()
  run_id!: string;

  @EnumField(OUTCOMES, { name: 'TestOutcome' })
  outcome!: string;

  @NumberField()
  duration_ms!: number;

  @ObjectField(ServerInfoView, { optional: true })
  server?: ServerInfoView;

  @StringField({
    optional: true,
    description:
      'The local address of the socket that reached the source: what its firewall must allow, unless a gateway in between translates addresses. Left out where no socket was opened.',
    example: '10.0.4.17',
  })
  egress_ip?: string;

  @StringField({ optional: true, example: 'auth' })
  failed_at?: string;

  @BoolField()
  user_action!: boolean;

  @BoolField()
  retryable!: boolean;

  @ObjectListField(TestStepView)
  steps!: TestStepView[];

  @Shown({ type: 'object', additionalProperties: { $ref: '#/components/schemas/CapabilityView' } })
  capabilities!: Record<string, CapabilityView>;
}

export class ConnectorTypeView {
  @Shown({ $ref: '#/components/schemas/SourceType' }, { example: 'postgresql' })
  type!: string;

  @StringField({ example: 'PostgreSQL' })
  title!: string;

  @EnumField(CATEGORIES, { name: 'Category' })
  category!: string;

  @Shown({ type: 'array', items: { $ref: '#/components/schemas/Capability' } }, { example: ['discover'] })
  capabilities!: string[];

  @BoolField({ description: 'Whether the driver can be loaded here.' })
  installed!: boolean;

  @StringField({ nullable: true, description: 'What installs the driver where it is missing.' })
  install_command!: string | null;

  @EnumField(['session', 'metadata'], {
    name: 'ProbeClass',
    description:
      'What a check costs the source. session: a round trip on an open line. metadata: calls of an interface for metadata, which start no compute and bill no query.',
  })
  probe!: 'session' | 'metadata';

  @StringField({
    nullable: true,
    description:
      'The package that brings the type, with its version; null for the types of the product itself.',
    example: null,
  })
  plugin!: string | null;

  @Shown(
    { type: 'object', additionalProperties: true },
    { description: 'JSON Schema of the connection, with x-group and x-widget as hints for a form.' },
  )
  spec!: Record<string, unknown>;
}

export class ConnectorTypeList {
  @ObjectListField(ConnectorTypeView)
  items!: ConnectorTypeView[];
}
