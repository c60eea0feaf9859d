import { Core1764000000001 } from './0001-core.js';
import { Discovery1764000000002 } from './0002-discovery.js';
import { Health1764000000003 } from './0003-health.js';
import { KeyVersions1764000000005 } from './0005-key-versions.js';
import { KeyRotations1764000000010 } from './0010-key-rotations.js';
import { EgressPolicies1764000000011 } from './0011-egress-policies.js';

/** In the order in which they run. */
export const MIGRATIONS = [
  Core1764000000001,
  Discovery1764000000002,
  Health1764000000003,
  KeyVersions1764000000005,
  KeyRotations1764000000010,
  EgressPolicies1764000000011,
];
