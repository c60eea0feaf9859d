import { describe, expect, it } from '@jest/globals';
import { AppError } from '../common/app-error.js';
import { movedNoticeably } from './estimate.policy.js';
import { lastEventId, preferredWait } from './http.js';
import { nextScopes, runOutcome, sameScopes } from './outcome.policy.js';
import { PageCache } from './page-cache.js';
import { needsDocument, projection } from './projection.policy.js';
import { triesAgain } from './retry.policy.js';
import type { ScopeOutcome, ScopeStatus } from './schema-discovery.types.js';
import { staleReason } from './staleness.policy.js';

const scope = (name: string, status: ScopeStatus, reason?: string): ScopeOutcome => ({
  name,
  status,
  ...(reason === undefined ? {} : { reason }),
});

describe('how a run ends', () => {
  it.each<[ScopeStatus[], string]>([
    [[], 'succeeded'],
    [['complete', 'complete'], 'succeeded'],
    [['complete', 'partial'], 'partial'],
    [['complete', 'failed'], 'partial'],
    [['partial', 'failed'], 'partial'],
    [['failed', 'failed'], 'failed'],
  ])('%j: %s', (statuses, expected) => {
    expect(runOutcome(statuses.map((status, n) => scope(String(n), status)))).toBe(expected);
  });

  it('a run over everything says it all', () => {
    const read = [scope('b', 'partial')];
    expect(nextScopes('full', [scope('a', 'complete')], read)).toEqual(read);
  });

  it('a selection makes nothing complete that was not', () => {
    const before = [
      scope('a', 'complete'),
      scope('b', 'partial'),
      scope('c', 'failed'),
      scope('d', 'complete'),
    ];
    const read = [
      scope('a', 'complete'),
      scope('b', 'complete'),
      scope('c', 'partial'),
      scope('d', 'failed', 'Gone.'),
      scope('e', 'complete'),
    ];
    expect(nextScopes('selective', before, read)).toEqual([
      scope('a', 'complete'),
      scope('b', 'partial'),
      scope('c', 'failed'),
      scope('d', 'failed', 'Gone.'),
      scope('e', 'partial', 'Only a selection of it was read.'),
    ]);
  });

  it('knows when scopes say the same', () => {
    const scopes = [scope('a', 'complete'), scope('b', 'partial', 'x')];
    expect(sameScopes(scopes, [...scopes].reverse())).toBe(true);
    expect(sameScopes(scopes, [scope('a', 'complete'), scope('b', 'partial', 'y')])).toBe(false);
    expect(sameScopes(scopes, scopes.slice(1))).toBe(false);
  });
});

it.each([
  [null, null, false],
  [null, 0, true],
  [0, 0, false],
  [0, 1, true],
  [100, 110, false],
  [100, 112, true],
  [100, 89, true],
])('an estimate that went from %s to %s is renewed: %s', (stored, found, expected) => {
  expect(movedNoticeably(stored, found)).toBe(expected);
});

describe('retries', () => {
  const away = new AppError('UNREACHABLE', 'x');
  it.each([
    [away, 'schedule', 1, true],
    [away, 'first', 2, true],
    [away, 'schedule', 3, false],
    [away, 'manual', 1, false],
    [new AppError('AUTH_FAILED', 'x'), 'schedule', 1, false],
    [new AppError('QUERY_FAILED', 'x'), 'schedule', 1, false],
  ] as const)('%#', (error, trigger, attempt, expected) => {
    expect(triesAgain(error, trigger, attempt)).toBe(expected);
  });
});

describe('staleness', () => {
  const at = new Date('2026-01-01T00:00:00Z');
  const after = (s: number): Date => new Date(at.getTime() + s * 1_000);
  const age = {
    samePlace: true,
    discoveredAt: at,
    lastOutcome: 'succeeded',
    autoRefresh: true,
    intervalS: 60,
  } as const;
  it.each([
    [{ ...age, discoveredAt: undefined }, 0, 'never_discovered'],
    [age, 119, undefined],
    [age, 121, 'overdue'],
    [{ ...age, samePlace: false }, 0, 'source_changed'],
    [{ ...age, autoRefresh: false }, 10_000, undefined],
    [{ ...age, lastOutcome: 'failed' }, 1, 'last_run_failed'],
    [{ ...age, lastOutcome: 'partial' }, 1, undefined],
  ] as const)('%#', (given, seconds, expected) => {
    expect(staleReason(given, after(seconds))).toBe(expected);
  });
});

describe('the parts of a dataset', () => {
  it('are all of them, the named ones, or all but the named ones', () => {
    expect(projection(undefined)).toBeUndefined();
    expect(projection('name,kind')).toEqual(new Set(['kind']));
    expect(projection('name')).toEqual(new Set());
    const without = projection('-fields,-indexes');
    expect(without?.has('fields')).toBe(false);
    expect(without?.has('comment')).toBe(true);
  });

  it.each(['', ',', 'kind,', 'kind,-fields', '-name', 'nonsense', '--kind', 'constructor'])(
    'refuses %j',
    (text) => {
      expect(() => projection(text)).toThrow(AppError);
    },
  );

  it('leave the document closed where they can', () => {
    expect(needsDocument(undefined)).toBe(true);
    expect(needsDocument(projection('kind,row_estimate'))).toBe(false);
    expect(needsDocument(projection('kind,comment'))).toBe(true);
  });
});

describe('headers', () => {
  it.each([
    [undefined, undefined],
    ['wait=10', 10],
    ['respond-async, wait=10', 10],
    ['wait = "7"; x=1', 7],
    ['WAIT=5', 5],
    ['wait=999', 30],
    ['wait=0', 0],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['await=3', undefined],
    ['nonsense', undefined],
  ])('Prefer: %s waits %s s', (header, seconds) => {
    expect(preferredWait(header)).toBe(seconds);
  });

  it('Last-Event-ID is a number of ours', () => {
    expect(lastEventId(undefined)).toBe(0);
    expect(lastEventId('12')).toBe(12);
    for (const bad of ['-1', '1.5', 'x', '9999999999', ' 1'])
      expect(() => lastEventId(bad)).toThrow(AppError);
  });
});

describe('the page cache', () => {
  it('keeps what was used last within its bytes', () => {
    const cache = new PageCache(100);
    for (const key of ['a', 'b', 'c', 'd']) cache.set(key, Buffer.alloc(25));
    expect(cache.get('a')).toHaveLength(25);
    cache.set('e', Buffer.alloc(20));
    expect(cache.get('b')).toBeUndefined();
    expect(cache.get('a')).toBeDefined();
    expect(cache).toMatchObject({ bytes: 95, entries: 4, hits: 2, misses: 1 });
    cache.set('a', Buffer.alloc(5));
    expect(cache.bytes).toBe(75);
  });

  it('takes nothing that would push out everything else', () => {
    const cache = new PageCache(100);
    cache.set('huge', Buffer.alloc(26));
    expect(cache).toMatchObject({ bytes: 0, entries: 0 });
  });
});
