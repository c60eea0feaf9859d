import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SOURCE_TYPES } from '../../src/connectors/connector-registry.js';
import type { ServerInfo } from '../../src/connectors/spi/index.js';
import type { Proof } from '../../src/docs/proofs.js';
import type { ContractFixture, Discoverable } from './contract-source.js';

const FOLDER = join(import.meta.dirname, '../../.cache/proven');

/** Notes that the suite of a type ran. A suite that failed is noted too: CI is red then anyway. */
export async function recordProof(
  { type, category }: Discoverable,
  { server: needed = [], through, beside, block = 'local files', double, unproven = {} }: ContractFixture,
  server: ServerInfo | undefined,
): Promise<void> {
  // A plugin's author runs the suite too: that proves nothing about this product.
  if (!server || !SOURCE_TYPES.includes(type)) return;
  const place = [needed].flat().join(', ') || block;
  const proof: Proof = {
    type,
    on: `${server.product} ${server.version}${category === 'file' ? ` on ${place}` : ''}${through === undefined ? '' : ` through ${through}`}${beside === undefined ? '' : ` with ${beside}`}`,
    ...(double === undefined ? {} : { double }),
    unproven: unproven as Record<string, string>,
  };
  await mkdir(FOLDER, { recursive: true });
  // One for each suite: a type may have one for each kind of server.
  const suite = [type, ...(double === undefined ? [needed].flat() : ['double'])].join('-');
  await writeFile(join(FOLDER, `${suite}.json`), JSON.stringify(proof));
}
