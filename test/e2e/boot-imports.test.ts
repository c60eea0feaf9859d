import { expect, jest, test } from '@jest/globals';
import { CONNECTORS } from '../../src/connectors/drivers/index.js';
import { startProductProcess } from '../support/product-process.js';

jest.setTimeout(180_000);

const SEEN_MODULES = new URL('../support/seen-modules.mjs', import.meta.url).href;
test('a start of the whole product loads no driver but that of its own database', async () => {
  const product = await startProductProcess({ environment: { NODE_OPTIONS: `--import ${SEEN_MODULES}` } });
  await product.stop();
  const told = product.output();
  expect(told).toContain('seen all');
  const loaded = new Set([...told.matchAll(/^loaded ((?:@[^/\n]+\/)?[^/\n]+)/gm)].map(([, name]) => name));
  // Packages of both kinds are seen: ES modules, and what only CommonJS requires.
  expect([...loaded]).toEqual(expect.arrayContaining(['@nestjs/core', 'typeorm', 'pg', 'pg-protocol']));
  const drivers = CONNECTORS.flatMap(({ driver }) =>
    driver === undefined || driver === 'pg' ? [] : [driver],
  );
  // What types without a package of their own share: HTTP, and the tunnel.
  const lazy = [...new Set([...drivers, 'undici', 'ssh2'])];
  expect(lazy.filter((name) => loaded.has(name))).toEqual([]);
});
