import {
  DateField,
  BoolField,
  EnumField,
  IntField,
  StringField,
  TextListField,
} from '../../common/fields.js';
import { EGRESS_MODES, type OrganizationEgress } from '../../connectors/runtime/egress-policies.service.js';
import type { EgressRefusal } from '../../connectors/runtime/egress-denials.js';

const REASONS: readonly EgressRefusal[] = ['own_server', 'never', 'private', 'organization'];
const MODE = {
  name: 'EgressMode',
  description: 'deployment: whatever the deployment allows; allow_list: of that, only what `allow` names.',
} as const;
const ALLOW =
  'IP addresses, CIDRs, host names and names such as *.db.example.com. A host passes where all of its addresses, or its name, are in the list.';

export class EgressPolicyView {
  @EnumField(EGRESS_MODES, MODE)
  mode!: OrganizationEgress['mode'];

  @TextListField({ max: 200, description: ALLOW })
  allow!: readonly string[];

  @IntField({ min: 0, description: 'Grows with each change; 0 where none was ever stored.' })
  version!: number;

  @StringField({ max: 200, nullable: true })
  updated_by!: string | null;

  @DateField({ nullable: true })
  updated_at!: Date | null;
}

export class ReplaceEgressPolicy {
  @EnumField(EGRESS_MODES, MODE)
  mode!: OrganizationEgress['mode'];

  @TextListField({ max: 200, unique: true, optional: true, description: ALLOW })
  allow?: string[];

  @IntField({
    min: 0,
    optional: true,
    description: 'The version that was read: 409 where the policy was changed since then.',
  })
  version?: number;
}

export class EgressCheckRequest {
  @StringField({ min: 1, max: 253 })
  host!: string;

  @IntField({ min: 1, max: 65_535 })
  port!: number;
}

export class EgressCheckView {
  @BoolField()
  allowed!: boolean;

  @EnumField(REASONS, {
    name: 'EgressRefusal',
    optional: true,
    description:
      'The rule that forbids it: a server of the product, a range that is never allowed, a private range that the deployment does not open, or your own allow-list.',
  })
  reason?: EgressRefusal;

  @StringField()
  message!: string;

  @TextListField({ description: 'What the name leads to; empty where it is refused.' })
  addresses!: readonly string[];
}
