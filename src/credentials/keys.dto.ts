import {
  BoolField,
  BoolQuery,
  DateField,
  EnumField,
  IntField,
  ObjectField,
  ObjectListField,
  StringField,
} from '../common/fields.js';
import { KEY_STATES, ROTATION_STATES, type KeyRotation, type KeyVersion } from './key-store.service.js';

export class KeyVersionView {
  @IntField({ min: 1 })
  version!: number;

  @EnumField(KEY_STATES, {
    name: 'KeyState',
    description: 'The active key encrypts and decrypts; nobody can read what a destroyed one has encrypted.',
  })
  state!: KeyVersion['state'];

  @IntField({ min: 0, description: 'Stored secrets under this key.' })
  secrets!: number;

  @BoolField({
    description: 'Whether the newest APP_SECRET wraps it. Older ones are needed as long as one is false.',
  })
  current_app_secret!: boolean;

  @DateField()
  created_at!: Date;

  @DateField({ nullable: true })
  destroyed_at!: Date | null;
}

export class KeyRotationView {
  @IntField({ min: 2, description: 'The key that all secrets are encrypted under in the end.' })
  to_version!: number;

  @EnumField(ROTATION_STATES, { name: 'KeyRotationState' })
  state!: KeyRotation['state'];

  @IntField({ min: 0, description: 'Secrets to be encrypted anew, those that are done among them.' })
  total!: number;

  @IntField({ min: 0 })
  done!: number;

  @IntField({ min: 0, description: 'Secrets that cannot be read, and were left as they are.' })
  failed!: number;

  @StringField({ max: 200 })
  requested_by!: string;

  @DateField()
  requested_at!: Date;

  @DateField({ nullable: true })
  ended_at!: Date | null;
}

export class OrganizationKeysView {
  @ObjectListField(KeyVersionView, { description: 'The newest first.' })
  keys!: KeyVersionView[];

  @ObjectField(KeyRotationView, { nullable: true, description: 'The newest rotation.' })
  rotation!: KeyRotationView | null;
}

export class RewrapView {
  @IntField({ min: 0, description: 'Keys that an older APP_SECRET wrapped up to now.' })
  rewrapped!: number;
}

export class DestroyKeyQuery {
  @BoolQuery({
    optional: true,
    default: false,
    description: 'Also where secrets are stored under it: they are lost for good.',
  })
  force?: boolean;
}
