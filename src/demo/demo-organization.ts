import type { RoleName } from '../rbac/permissions.js';

/** The organization of the demo content; fixed, so that a token can be made for it without a database. */
export const DEMO_ORG_ID = '0198c0de-0000-7000-8000-000000000001';

/** The user of the Demo organization that has this role, such as `editor@demo.example`. */
export function demoUser(role: RoleName): string {
  return `${role}@demo.example`;
}
