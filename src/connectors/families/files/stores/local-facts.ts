import type { BigIntStats } from 'node:fs';
import type { FileFacts } from './file-store.js';

/** ctime as well: it moves when a file is rewritten and its mtime is set back. */
export function factsOf(stats: BigIntStats): FileFacts {
  return {
    size: Number(stats.size),
    version: [stats.size, stats.mtimeNs, stats.ctimeNs, stats.dev, stats.ino].map(String).join('-'),
  };
}
