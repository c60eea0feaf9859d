import {
  BoolQuery,
  DateField,
  EnumField,
  IntQuery,
  JsonField,
  ObjectField,
  StringField,
  TextListField,
} from '../../common/fields.js';
import { SOURCE_TYPES } from '../../connectors/connector-registry.js';
import { SOURCE_STATUSES } from '../data-sources.types.js';
import { CATEGORIES, DiscoverySettingsDto, HealthSettingsDto, PoolSettingsDto } from './settings.dto.js';

const CONNECTION = { $ref: '#/components/schemas/Connection' };
/** A tag is a short word, so that it can stand in a filter and in a URL. */
const TAG = /^[\p{L}\p{N}][\p{L}\p{N}_.:/ -]{0,63}$/u;

class DescriptiveFields {
  @StringField({ optional: true, nullable: true, max: 2_000, multiline: true })
  description?: string | null;

  @StringField({
    optional: true,
    nullable: true,
    max: 1_024,
    description:
      "Path of a file below the organization's folder, for file-based types; the same as connection.file_path.",
    example: 'orders.csv',
  })
  file_path?: string | null;

  @StringField({
    optional: true,
    nullable: true,
    deprecated: true,
    max: 1_024,
    description: 'Deprecated: use file_path.',
  })
  storage_file_id?: string | null;

  @ObjectField(PoolSettingsDto, { optional: true })
  pool?: PoolSettingsDto;

  @ObjectField(DiscoverySettingsDto, { optional: true })
  discovery?: DiscoverySettingsDto;

  @ObjectField(HealthSettingsDto, { optional: true })
  health?: HealthSettingsDto;

  @TextListField({
    optional: true,
    max: 50,
    itemMax: 64,
    itemPattern: TAG,
    unique: true,
    example: ['finance'],
  })
  tags?: string[];

  @StringField({ optional: true, nullable: true, max: 64, example: 'production' })
  environment?: string | null;

  @StringField({ optional: true, nullable: true, max: 128, example: 'eu-west-1' })
  location?: string | null;

  @StringField({ optional: true, nullable: true, max: 255, description: 'User who answers for the source.' })
  owner_id?: string | null;
}

export class CreateDataSource extends DescriptiveFields {
  @StringField({
    min: 1,
    max: 200,
    pattern: /^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$/,
    example: 'Orders database',
  })
  name!: string;

  @JsonField(CONNECTION, { description: 'What `type` needs; see GET /types.' })
  connection!: Record<string, unknown>;
}

/** RFC 7396: fields that are left out stay, null removes. */
export class UpdateDataSource extends DescriptiveFields {
  @StringField({
    optional: true,
    min: 1,
    max: 200,
    pattern: /^[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$/,
  })
  name?: string;

  @JsonField(
    { type: 'object', additionalProperties: true },
    {
      optional: true,
      description:
        'Merge patch over the connection. `type` cannot change. A change of where or how secrets are sent needs all secrets in the same request.',
    },
  )
  connection?: Record<string, unknown>;
}

export class TestUnsaved {
  @JsonField(CONNECTION)
  connection!: Record<string, unknown>;

  @ObjectField(PoolSettingsDto, { optional: true })
  pool?: PoolSettingsDto;

  @EnumField(['source', 'tunnel'], {
    name: 'TestScope',
    optional: true,
    description:
      'How far the test goes: `source` (unless told) all the way; `tunnel` through ssh_tunnel up to the port of the source, which is sent nothing.',
  })
  scope?: 'source' | 'tunnel';
}

export class TestSaved {
  @JsonField(
    { type: 'object', additionalProperties: true },
    { optional: true, description: 'Merge patch over the saved connection, for this test alone.' },
  )
  connection?: Record<string, unknown>;

  @EnumField(['source', 'tunnel'], {
    name: 'TestScope',
    optional: true,
    description:
      'How far the test goes: `source` (unless told) all the way; `tunnel` through ssh_tunnel up to the port of the source, which is sent nothing.',
  })
  scope?: 'source' | 'tunnel';
}

export class PauseRequest {
  @StringField({ optional: true, max: 500 })
  reason?: string;

  @DateField({ optional: true, description: 'When the source resumes by itself.' })
  until?: string;
}

export class MaintenanceRequest {
  @StringField({ optional: true, max: 500 })
  reason?: string;

  @DateField({ description: 'When the maintenance ends by itself.' })
  until!: string;
}

export class DeleteQuery {
  @BoolQuery({
    optional: true,
    default: false,
    description: 'Delete for good: credentials, snapshots and history too.',
  })
  force?: boolean;
}

export class FileUrlQuery {
  @IntQuery({ optional: true, min: 1, max: 300, default: 300, description: 'Seconds that the URL works.' })
  expires_in?: number;
}

const SORTS = ['name', 'created_at', 'updated_at', 'type', 'status'] as const;

export class ListQuery {
  @IntQuery({ optional: true, min: 1, max: 100_000, default: 1 })
  page?: number;

  @IntQuery({ optional: true, min: 1, max: 100, default: 20 })
  limit?: number;

  @StringField({ optional: true, max: 500, description: 'next_cursor of the page before; instead of page.' })
  cursor?: string;

  @StringField({
    optional: true,
    pattern: new RegExp(`^-?(${SORTS.join('|')})(,-?(${SORTS.join('|')})){0,4}$`),
    form: `up to 5 of ${SORTS.join(', ')}, comma separated, with - in front for descending`,
    description: `Fields of ${SORTS.join(', ')}, comma separated, - for descending.`,
    default: '-created_at',
  })
  sort?: string;

  @StringField({ optional: true, max: 200, description: 'Part of the name or the description.' })
  q?: string;

  @EnumField(SOURCE_TYPES, { name: 'SourceType', optional: true, open: true })
  type?: string;

  @EnumField(CATEGORIES, { name: 'Category', optional: true })
  category?: string;

  @EnumField(SOURCE_STATUSES, { name: 'SourceStatus', optional: true })
  status?: string;

  @StringField({ optional: true, max: 64 })
  tag?: string;

  @StringField({ optional: true, max: 64 })
  environment?: string;

  @StringField({ optional: true })
  owner_id?: string;

  @DateField({ optional: true })
  created_after?: string;

  @BoolQuery({ optional: true, default: false, description: 'Also deleted ones that are not purged yet.' })
  include_deleted?: boolean;
}
