import { describe, expect, it } from '@jest/globals';
import { SourceLoad, type LoadEntry } from './source-load.js';

const AT = 1_800_000_000_000;
const entry = (more: Partial<LoadEntry> = {}): LoadEntry => ({
  at: AT,
  ms: 2,
  rows: 1,
  bytes: 10,
  outcome: 'ok',
  fingerprint: 'f',
  text: 'select ?',
  purpose: 'read',
  by: 'u',
  ...more,
});

describe('the load of a source', () => {
  it('sums by purpose and by form', () => {
    const load = new SourceLoad();
    load.add(entry());
    // Shown to a tenth of a millisecond.
    load.add(entry({ ms: 5.0301, outcome: 'failed' }));
    load.add(entry({ purpose: 'health', fingerprint: 'g' }));
    const sums = { statements: 2, errors: 1, rows: 2, bytes: 20, ms_total: 7, ms_max: 5 };
    const { byPurpose, top } = load.report(AT);
    expect(byPurpose).toEqual([
      expect.objectContaining({ purpose: 'health', statements: 1 }),
      { purpose: 'read', ...sums },
    ]);
    expect(top[0]).toEqual({ purpose: 'read', fingerprint: 'f', text: 'select ?', ...sums });
  });

  it('shows the last hundred, the newest first', () => {
    const load = new SourceLoad();
    for (let ms = 1; ms <= 250; ms++) load.add(entry({ ms }));
    const { recent } = load.report(AT);
    expect(recent).toHaveLength(100);
    expect([recent[0]?.ms, recent[99]?.ms]).toEqual([250, 151]);
  });

  it('counts the last minute', () => {
    const load = new SourceLoad();
    load.add(entry());
    load.add(entry({ at: AT + 30_000 }));
    expect(load.report(AT + 59_000).statementsLastMinute).toBe(2);
    expect(load.report(AT + 60_000).statementsLastMinute).toBe(1);
    expect(load.report(AT + 600_000).statementsLastMinute).toBe(0);
  });

  it('keeps a bounded number of forms, and still counts what comes later', () => {
    const load = new SourceLoad();
    for (let i = 0; i < 1_000; i++) load.add(entry({ fingerprint: String(i), ms: i }));
    const { byPurpose, top } = load.report(AT);
    expect(byPurpose[0]?.statements).toBe(1_000);
    expect(top[0]?.fingerprint).toBe('199');
  });
});
