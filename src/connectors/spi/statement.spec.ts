import { describe, expect, it } from '@jest/globals';
import { counted, onErrand, shapeOf, tagged, taggedName, type StatementRecord } from './statement.js';

describe('the shape of a statement', () => {
  it.each([
    ["select 'a', 1", 'select ?, ?'],
    ["select * from t where a = 'it''s' and b in (1, 2, 3)", 'select * from t where a = ? and b in (?, …)'],
    [`select "Name" from "My Schema".t1`, 'select ? from ?.t1'],
    ['select `a b`\n  from   x', 'select ? from x'],
    ["select /* 'hidden' */ 1 -- hidden", 'select ?'],
    ["select $fn$ it's $fn$, $1", 'select ?, $1'],
    ["select 'never closed", 'select ?'],
    ["select 'a\\'b', 2.5e3", 'select ?, ?'],
    ['where n in ($1,$2)', 'where n in (?, …)'],
  ])('of %s is %s', (statement, text) => {
    expect(shapeOf(statement).text).toBe(text);
  });

  it('is equal for other values and another for another statement', () => {
    expect(shapeOf('select 1').fingerprint).toBe(shapeOf('select  2').fingerprint);
    expect(shapeOf('select 1').fingerprint).not.toBe(shapeOf('select 1 from t').fingerprint);
    expect(shapeOf('select 1').fingerprint).toMatch(/^[0-9a-f]{16}$/);
  });

  it('shows no value that the limits cut through', () => {
    const secret = 's3cret';
    for (const length of [100, 8_180]) {
      const { text } = shapeOf(`select ${'x'.repeat(length)}, '${secret.repeat(50)}'`);
      expect(text).not.toContain(secret);
      expect(text.length).toBeLessThanOrEqual(120);
    }
  });
});

describe('a statement', () => {
  it('is tagged with the purpose of its call and counted for it, whatever else runs', async () => {
    const seen: StatementRecord[] = [];
    const note = (record: StatementRecord): void => void seen.push(record);
    const run = (sql: string): Promise<string> =>
      counted(
        sql,
        () => Promise.resolve(tagged(sql)),
        () => ({ rows: 3, bytes: 9 }),
      );
    const texts = await Promise.all([
      onErrand({ purpose: 'health', by: 'system:health', note }, () => run('select 1')),
      onErrand({ purpose: 'discovery', by: 'run:1', note }, () => run('select a')),
      run('select 3'),
    ]);
    expect(texts).toEqual([
      '/* datawave:purpose=health */ select 1',
      '/* datawave:purpose=discovery */ select a',
      'select 3',
    ]);
    expect(seen.map(({ text, rows, bytes, outcome }) => [text, rows, bytes, outcome])).toEqual([
      ['select ?', 3, 9, 'ok'],
      ['select a', 3, 9, 'ok'],
    ]);
  });

  it('counts when it fails, and fails as it would', async () => {
    const seen: StatementRecord[] = [];
    const errand = {
      purpose: 'read',
      by: 'u',
      note: (record: StatementRecord) => void seen.push(record),
    } as const;
    const failing = onErrand(errand, () => counted('select 1', () => Promise.reject(new Error('no'))));
    await expect(failing).rejects.toThrow('no');
    expect(seen).toMatchObject([{ outcome: 'failed', rows: 0 }]);
  });

  it('has one name for each text', async () => {
    expect(taggedName('n')).toBe('n');
    const name = await onErrand({ purpose: 'file', by: 'u' }, () => Promise.resolve(taggedName('n')));
    expect(name).toBe('n_file');
  });
});
