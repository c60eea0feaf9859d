import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where test/servers/install.sh keeps what it downloads: outside of the repository, the same for all clones. */
export function cachePath(...parts: string[]): string {
  const folder = process.env.DATAWAVE_TEST_CACHE ?? join(homedir(), '.cache', 'datawave-test-servers');
  return join(folder, ...parts);
}

/** The path of something that install.sh put into the cache; throws where it is not there. */
export function cached(...parts: string[]): string {
  const path = cachePath(...parts);
  if (!existsSync(path)) throw new Error(`${parts.join('/')} is not installed; run test/servers/install.sh`);
  return path;
}
