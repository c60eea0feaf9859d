import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerInfo } from '../../src/connectors/spi/index.js';
import type { ContractFixture, Discoverable } from './contract-source.js';

/** What a suite has shown of a type; `npm run docs` takes it over into docs/connectors/proven.json. */
export interface Proof {
  readonly type: string;
  /** Who answered, such as `PostgreSQL 18.4`. */
  readonly on: string;
  /** The double that answered, where it was none of the real ones. */
  readonly double?: string;
  readonly unproven: Readonly<Record<string, string>>;
}

const FOLDER = join(import.meta.dirname, '../../.cache/proven');

/** Notes that the suite of a type ran. A suite that failed is noted too: CI is red then anyway. */
export async function recordProof(
  { type }: Discoverable,
  { double, unproven = {} }: ContractFixture,
  server: ServerInfo | undefined,
): Promise<void> {
  if (!server) return;
  const proof: Proof = {
    type,
    on: `${server.product} ${server.version}`,
    ...(double === undefined ? {} : { double }),
    unproven: unproven as Record<string, string>,
  };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${type}.json`), JSON.stringify(proof));
}
