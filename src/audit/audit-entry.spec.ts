import { describe, expect, test } from '@jest/globals';
import { AUDIT_COLUMNS, auditRow } from './audit-entry.js';

const actor = { orgId: 'org', userId: 'alice', roles: [] };
const entry = { action: 'x', targetType: 'y', result: 'success' } as const;

const row = (from: Partial<typeof actor> & Record<string, unknown>): Record<string, unknown> => {
  const values = auditRow({ ...actor, ...from }, entry);
  return Object.fromEntries(AUDIT_COLUMNS.split(', ').map((name, index) => [name, values[index]]));
};

describe('an audit row', () => {
  test('keeps what a client sends to one short line', () => {
    const evil = 'a\r\nb\u001b[31m\u0000c\u2028d\u202e';
    expect(row({ userAgent: evil }).user_agent).toBe('a\ufffd\ufffdb\ufffd[31m\ufffdc\ufffdd\ufffd');
    expect(row({ requestId: evil }).request_id).not.toMatch(/[\r\n\0]/);
    expect(String(row({ userAgent: 'x'.repeat(5_000) }).user_agent)).toHaveLength(255);
  });

  test('keeps an address only if it is one', () => {
    expect(row({ ip: '2001:db8::1' }).ip).toBe('2001:db8::1');
    expect(row({ ip: '<script>' }).ip).toBeNull();
    expect(row({}).ip).toBeNull();
  });
});
