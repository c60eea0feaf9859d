import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './generated-file.js';

/** What a contract suite has shown of a type; test/contract/proof.ts writes one whenever a suite runs. */
export interface Proof {
  readonly type: string;
  /** Who answered, such as `PostgreSQL 18.4`. */
  readonly on: string;
  /** The double that answered, where it was no real server. */
  readonly double?: string;
  /** What was not shown, and why. */
  readonly unproven: Readonly<Record<string, string>>;
}

export const PROVEN = 'docs/connectors/proven.json';

/** By suite: what is committed, and over it what suites have shown on this machine since. */
export function proofs(fresh: boolean): Record<string, Proof> {
  const committed = join(ROOT, PROVEN);
  const known = existsSync(committed)
    ? (JSON.parse(readFileSync(committed, 'utf8')) as Record<string, Proof>)
    : {};
  const folder = join(ROOT, '.cache/proven');
  if (fresh && existsSync(folder))
    for (const file of readdirSync(folder))
      known[file.replace(/\.json$/, '')] = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Proof;
  return Object.fromEntries(Object.entries(known).sort(([a], [b]) => (a < b ? -1 : 1)));
}
