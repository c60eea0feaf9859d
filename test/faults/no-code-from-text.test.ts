import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../src/', import.meta.url));

test('nothing in the product makes code of text (T41)', () => {
  const files = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(50);
  const makers =
    /\beval\s*\(|\bnew Function\b|\bFunction\s*\(\s*['"`]|from 'node:vm'|from 'vm'|\$where|\$function/;
  const found = files.filter(
    (name) => !name.endsWith('.spec.ts') && makers.test(readFileSync(join(ROOT, name), 'utf8')),
  );
  expect(found).toEqual([]);
});
