import { afterAll, describe, expect, test } from '@jest/globals';
import { closeParsers } from '../../src/connectors/families/files/parser-pool.js';
import { readDamaged, subjects } from '../support/damaged-files.js';

/** `npm run bench:files -- --damaged 10000` reads more, and measures. */
const FILES = 1_000;
const SEED = 20_260_131;

afterAll(() => closeParsers());

describe('damaged files', () => {
  test('end in facts or in a typed fault, whatever is wrong with them', async () => {
    for (const subject of await subjects()) {
      const { files, codes } = await readDamaged(subject, FILES, SEED);
      expect(files).toBe(FILES);
      const told = [...codes.keys()].filter((code) => code !== 'ok').sort();
      expect(['FILE_UNREADABLE', 'FILE_NOT_FOUND', 'FILE_TOO_LARGE_INFLATED']).toEqual(
        expect.arrayContaining(told),
      );
      expect(told).toContain('FILE_UNREADABLE');
    }
  }, 300_000);
});
