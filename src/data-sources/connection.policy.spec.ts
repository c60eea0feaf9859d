import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { postgresql } from '../connectors/drivers/postgresql.js';
import { applyPatch, mergePatch, takeApart, weakensTls } from './connection.policy.js';

const connection = {
  type: 'postgresql',
  host: 'db.example.com',
  database: 'sales',
  username: 'reader',
  password: 's3cret',
};
const saved = () => {
  const { open, secrets, destination } = takeApart(postgresql, connection);
  return { connection: open, destination, secret_fields: Object.keys(secrets) };
};

describe('takeApart', () => {
  it('keeps secrets apart and fills in defaults', () => {
    const { open, secrets } = takeApart(postgresql, connection);
    expect(secrets).toEqual({ password: 's3cret' });
    expect(open).toEqual({
      type: 'postgresql',
      host: 'db.example.com',
      port: 5432,
      database: 'sales',
      username: 'reader',
    });
  });

  it.each([
    [{ host: 'DB.Example.COM.' }, true],
    [{ port: 5432 }, true],
    [{ tls: { mode: 'verify_full' } }, true],
    [{ password: 'another' }, true],
    [{ host: 'db2.example.com' }, false],
    [{ port: 5433 }, false],
    [{ database: 'Sales' }, false],
    [{ username: 'Reader' }, false],
    [{ tls: { mode: 'require' } }, false],
    [{ tls: { server_name: 'x.example.com' } }, false],
  ])('%j has the same destination: %s', (change, same) => {
    const { destination } = takeApart(postgresql, { ...connection, ...change });
    expect(destination === saved().destination).toBe(same);
  });
});

describe('applyPatch', () => {
  it('keeps secrets where nothing moves', () => {
    expect(applyPatch(postgresql, saved(), {})).toMatchObject({ changed: false, kept: ['password'] });
    expect(applyPatch(postgresql, saved(), { host: 'DB.example.com' })).toMatchObject({ kept: ['password'] });
  });

  it('takes a new destination with its secrets, and refuses it without', () => {
    expect(applyPatch(postgresql, saved(), { host: 'b.example.com', password: 'x' })).toMatchObject({
      changed: true,
      kept: [],
    });
    expect(() => applyPatch(postgresql, saved(), { host: 'b.example.com' })).toThrow(
      expect.objectContaining({ code: 'CREDENTIALS_REENTRY_REQUIRED' }),
    );
    // Removing the secret is no way around: what it would take along is not sent again.
    expect(() => applyPatch(postgresql, saved(), { host: 'b.example.com', password: null })).toThrow(
      expect.objectContaining({ code: 'CREDENTIALS_REENTRY_REQUIRED' }),
    );
  });

  it('removes a secret by null', () => {
    expect(applyPatch(postgresql, saved(), { password: null })).toMatchObject({
      changed: true,
      kept: [],
      secrets: {},
    });
  });
});

describe('weakensTls', () => {
  it.each([
    [{}, { tls: { mode: 'disable' } }, true],
    [{ tls: { mode: 'verify_full' } }, { tls: { mode: 'require' } }, true],
    [{ tls: { mode: 'disable' } }, {}, false],
    [{ tls: { mode: 'require' } }, { tls: { mode: 'verify_ca' } }, false],
    [{ s3: { bucket: 'b' } }, { s3: { bucket: 'b', tls: { mode: 'require' } } }, true],
    [{ s3: { tls: { mode: 'disable' } } }, { s3: { tls: { mode: 'disable' } } }, false],
    [{ s3: { tls: { mode: 'verify_ca' } } }, { tls: {}, list: [{ a: null }] }, false],
  ])('%j to %j: %s', (before, after, weaker) => {
    expect(weakensTls(before, after)).toBe(weaker);
  });
});

describe('mergePatch', () => {
  it('is RFC 7396', () => {
    expect(mergePatch({ a: 1, b: { c: 2, d: 3 } }, { a: null, b: { c: 4 }, e: [1] })).toEqual({
      b: { c: 4, d: 3 },
      e: [1],
    });
  });

  it('never touches a prototype', () => {
    const evil = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
    ) as Record<string, unknown>;
    mergePatch({}, evil);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('changes neither of its inputs', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (target, patch) => {
          const before = JSON.stringify([target, patch]);
          mergePatch(target, patch);
          expect(JSON.stringify([target, patch])).toBe(before);
        },
      ),
    );
  });
});
