import { describe, expect, test } from '@jest/globals';
import { AppError, type ErrorCode } from '../common/app-error.js';
import { checkOfError, checkOfResult } from './check.policy.js';

describe('the check that a test amounts to', () => {
  test('a ping that worked', () => {
    const result = { outcome: 'ok' as const, duration_ms: 1.2, steps: [{ status: 'passed' }] };
    expect(checkOfResult(result, 5)).toEqual({ at: 5, outcome: 'ok', durationMs: 1.2 });
  });

  test('the code and message are those of the step that failed; a NUL byte cannot be stored', () => {
    const steps = [
      { status: 'passed' },
      { status: 'failed', code: 'AUTH_FAILED' as const, message: 'no\u0000' },
      { status: 'skipped' },
    ];
    expect(checkOfResult({ outcome: 'failed', duration_ms: 9, steps }, 5)).toEqual({
      at: 5,
      outcome: 'failed',
      code: 'AUTH_FAILED',
      message: 'no',
      durationMs: 9,
    });
  });

  test.each([
    ['degraded', 'degraded'],
    ['not_permitted', 'failed'],
    ['unsupported', 'inconclusive'],
    ['inconclusive', 'inconclusive'],
  ] as const)('%s counts as %s', (outcome, expected) => {
    expect(checkOfResult({ outcome, duration_ms: 1, steps: [] }, 0).outcome).toBe(expected);
  });
});

describe('the check that a rejected probe amounts to', () => {
  test.each<[ErrorCode, string | undefined]>([
    ['TIMEOUT', 'failed'],
    ['UNREACHABLE', 'failed'],
    ['AUTH_FAILED', 'failed'],
    ['PROTOCOL', 'failed'],
    ['CREDENTIALS_REENTRY_REQUIRED', 'failed'],
    ['BUSY', 'inconclusive'],
    ['DRIVER_MISSING', 'inconclusive'],
    ['SECRET_BACKEND_UNAVAILABLE', 'inconclusive'],
    ['NOT_FOUND', undefined],
    ['SOURCE_PAUSED', undefined],
    ['CANCELLED', undefined],
    ['DATABASE_UNAVAILABLE', undefined],
  ])('%s is %s', (code, outcome) => {
    expect(checkOfError(new AppError(code, 'text'), 0, 1)?.outcome).toBe(outcome);
  });

  test('an error that is not ours keeps its words to itself', () => {
    const check = checkOfError(new Error('password=hunter2'), 0, 1);
    expect(check).toMatchObject({ outcome: 'inconclusive', code: 'INTERNAL' });
    expect(JSON.stringify(check)).not.toContain('hunter2');
  });
});
