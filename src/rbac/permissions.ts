/** Everything that a person may be allowed to do. One row each in docs/access.md. */
export const PERMISSIONS = [
  'data_sources:create',
  'data_sources:read',
  'data_sources:update',
  'data_sources:delete',
  'data_sources:delete_force',
  'data_sources:test',
  'data_sources:discover',
  'data_sources:file_url',
  'credentials:write',
  'egress:read',
  'egress:manage',
  'keys:read',
  'keys:manage',
  'health:read',
  'metrics:read',
  'tls:weaken',
  'debug:read',
  'audit:read',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

export const ROLE_NAMES = ['viewer', 'steward', 'operator', 'editor', 'admin', 'auditor'] as const;

export type RoleName = (typeof ROLE_NAMES)[number];

const READ = ['data_sources:read', 'health:read', 'metrics:read'] as const;

/** The built-in roles: the same table as in docs/access.md, which a test compares. */
export const ROLES: Readonly<Record<RoleName, readonly Permission[]>> = {
  viewer: READ,
  steward: [...READ, 'data_sources:update', 'data_sources:discover', 'data_sources:file_url'],
  operator: [
    ...READ,
    'data_sources:update',
    'data_sources:test',
    'data_sources:discover',
    'credentials:write',
    'egress:read',
  ],
  editor: [
    ...READ,
    'egress:read',
    'data_sources:create',
    'data_sources:update',
    'data_sources:delete',
    'data_sources:test',
    'data_sources:discover',
    'data_sources:file_url',
    'credentials:write',
  ],
  admin: PERMISSIONS,
  auditor: [...READ, 'audit:read', 'keys:read', 'egress:read'],
};

const GRANTS = new Map<string, ReadonlySet<Permission>>(
  Object.entries(ROLES).map(([role, permissions]) => [role, new Set(permissions)]),
);

export function isRoleName(word: unknown): word is RoleName {
  return typeof word === 'string' && GRANTS.has(word);
}

/** Whether any of the roles holds the permission; a role that is not known holds none. */
export function grants(roles: readonly string[], permission: Permission): boolean {
  return roles.some((role) => GRANTS.get(role)?.has(permission) === true);
}
