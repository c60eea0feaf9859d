import { describe, expect, it } from '@jest/globals';
import { SOURCE_STATUSES } from './data-sources.types.js';
import { nextStatus, type StatusEvent } from './status.policy.js';

describe('the status of a source', () => {
  it.each([
    ['testing', 'healthy', 'active'],
    ['testing', 'misconfigured', 'failed'],
    ['testing', 'unreachable', 'inactive'],
    ['active', 'unreachable', 'inactive'],
    ['active', 'misconfigured', 'failed'],
    ['inactive', 'healthy', 'active'],
    ['failed', 'healthy', 'active'],
    ['failed', 'unreachable', 'failed'],
    ['failed', 'retried', 'testing'],
    ['active', 'changed', 'testing'],
    ['maintenance', 'resumed', 'testing'],
    ['maintenance', 'healthy', 'maintenance'],
    ['maintenance', 'changed', 'maintenance'],
    ['active', 'resumed', 'active'],
    ['testing', 'deleted', 'inactive'],
    ['failed', 'deleted', 'failed'],
    ['failed', 'restored', 'testing'],
    ['maintenance', 'restored', 'maintenance'],
  ] as const)('%s, %s: %s', (from, event, to) => {
    expect(nextStatus(from, event, false)).toBe(to);
  });

  it('only people move a paused source', () => {
    const events: StatusEvent[] = [
      'healthy',
      'unreachable',
      'misconfigured',
      'changed',
      'retried',
      'deleted',
      'restored',
    ];
    for (const event of events) expect(nextStatus('inactive', event, true)).toBe('inactive');
    expect(nextStatus('inactive', 'resumed', true)).toBe('testing');
    expect(nextStatus('inactive', 'maintenance', true)).toBe('maintenance');
  });

  it('ends in a known status whatever happens', () => {
    const events: StatusEvent[] = [
      'healthy',
      'unreachable',
      'misconfigured',
      'changed',
      'paused',
      'maintenance',
      'resumed',
      'retried',
      'deleted',
      'restored',
    ];
    for (const from of SOURCE_STATUSES)
      for (const event of events)
        for (const paused of [true, false])
          expect(SOURCE_STATUSES).toContain(nextStatus(from, event, paused));
  });
});
