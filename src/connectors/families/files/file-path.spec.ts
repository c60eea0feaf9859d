import { describe, expect, test } from '@jest/globals';
import { AppError } from '../../../common/app-error.js';
import { validateConnection } from '../../spi/index.js';
import { csv } from '../../drivers/csv.js';
import { assertSafePath } from './file-path.js';

const ATTACKS = [
  '../../etc/passwd',
  '/etc/passwd',
  '..%2fetc%2fpasswd',
  '%2e%2e/etc/passwd',
  '%2E%2E%2Fa',
  '%252e%252e/a',
  'a%5c..%5cb',
  'a%00.csv',
  '..\\..\\etc',
  'C:\\a.csv',
  'C:/a.csv',
  '\\\\server\\share',
  'a\u0000.csv',
  'a\n.csv',
  'a\u007f.csv',
  'a/./../..',
  'a/./b',
  './a',
  'a/..',
  '..',
  '.',
  'a//b',
  '//server/share',
  'a/',
  '',
  '~/a',
  '~root/a',
  'file:///etc/passwd',
  'file:a',
  'http://169.254.169.254/latest',
  'ftp://a/b',
  'gopher://a',
  'data:text/csv,a',
  'jar:file:/a!/b',
  'a/\ud800.csv',
  `${'x'.repeat(256)}.csv`,
  'a/'.repeat(600) + 'b',
];

describe('a file path', () => {
  test.each(ATTACKS)('%j is refused', (path) => {
    expect(() => assertSafePath(path)).toThrow(AppError);
    try {
      assertSafePath(path);
    } catch (error) {
      const { code, status, details } = error as AppError;
      expect([code, status, details.errors?.[0]?.pointer]).toEqual([
        'CONFIG_INVALID',
        422,
        '/connection/file_path',
      ]);
      if (path.length > 3) expect(JSON.stringify(error)).not.toContain(path);
    }
  });

  test('is mostly refused by the spec already, before anything is stored', () => {
    const passed = ATTACKS.filter((file_path) => {
      try {
        validateConnection(csv, { type: 'csv', file_path });
        return true;
      } catch {
        return false;
      }
    });
    // What a pattern cannot say: bytes of one segment, and half a surrogate pair.
    expect(passed).toEqual(['a/\ud800.csv', `${'x'.repeat(256)}.csv`]);
  });

  test.each([
    'a.csv',
    'in/deep/a.csv',
    'with blank.csv',
    '...',
    'a..b/c..d',
    '..a/b..',
    '.hidden',
    '100%.csv',
    'a%20b.csv',
    'größe/日本.csv',
    "it's; $(x) `y` | z.csv",
    '__proto__',
    'a/b:c.csv',
  ])('%j is taken', (path) => expect(() => assertSafePath(path)).not.toThrow());

  test('is judged in little time, whatever it is', () => {
    const from = performance.now();
    for (const part of ['a', '.', '..', '/', '%', '%2', 'a/', '../', ':'])
      for (let times = 0; times < 50; times++)
        expect(() => assertSafePath(part.repeat(10_000) + '\u0000')).toThrow();
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});
