import type { JWTPayload } from 'jose';
import type { JwtConfig } from '../platform/config/config.js';
import { isRoleName, type RoleName } from './permissions.js';

/** Whom a verified token speaks for. */
export interface Identity {
  readonly orgId: string;
  readonly userId: string;
  readonly roles: readonly RoleName[];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** One line of at most 200 characters; the user is shown in audit events and logs. */
const USER = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,200}$/;
/** The product's own work goes by this name; no token may. */
const RESERVED_USER = /^system:/i;

/** The identity in the claims of a verified token; undefined where the claims do not name one. */
export function identityOf(claims: JWTPayload, config: JwtConfig): Identity | undefined {
  const org = claim(claims, config.orgClaim);
  const roles = claim(claims, config.rolesClaim) ?? [];
  const user = claims.sub;
  if (typeof org !== 'string' || !UUID.test(org.toLowerCase())) return undefined;
  if (typeof user !== 'string' || !USER.test(user) || RESERVED_USER.test(user)) return undefined;
  if (!Array.isArray(roles)) return undefined;
  return { orgId: org.toLowerCase(), userId: user, roles: [...new Set(roles.filter(isRoleName))] };
}

/** A claim by its name, or by a path of names, such as Keycloak's `realm_access.roles`. */
function claim(claims: JWTPayload, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
