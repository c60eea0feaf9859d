import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { grants, isRoleName, PERMISSIONS, ROLE_NAMES, ROLES } from './permissions.js';

/** The table of docs/access.md: role names, and for each permission the cells. */
function documented(): { roles: string[]; rows: Map<string, string[]> } {
  const cells = readFileSync('docs/access.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const header = cells.findIndex(([first]) => first === 'permission');
  const rows = cells
    .slice(header + 2)
    .map(([first = '', ...rest]) => [first.replaceAll('`', ''), rest] as const);
  return { roles: cells[header]?.slice(1) ?? [], rows: new Map(rows) };
}

describe('permissions', () => {
  test('are what docs/access.md says', () => {
    const { roles, rows } = documented();
    expect(roles).toEqual([...ROLE_NAMES]);
    expect([...rows.keys()].sort()).toEqual([...PERMISSIONS].sort());
    for (const [permission, cells] of rows)
      for (const [index, role] of ROLE_NAMES.entries())
        expect([permission, role, ROLES[role].includes(permission as never)]).toEqual([
          permission,
          role,
          cells[index] === 'yes',
        ]);
  });

  test('of several roles add up, and unknown roles give nothing', () => {
    expect(grants(['viewer', 'auditor'], 'audit:read')).toBe(true);
    expect(grants(['viewer', 'superadmin', '__proto__', 'constructor'], 'data_sources:create')).toBe(false);
    expect(grants([], 'data_sources:read')).toBe(false);
    expect(['admin', 'Admin', '*', 'toString', 1, null].map(isRoleName)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});
