import { setTimeout as pause } from 'node:timers/promises';
import { KeyGroups } from '../../families/records/key-groups.js';
import type { CutShort, Peek } from '../../families/records/records-driver.js';
import type { Dataset } from '../../spi/index.js';
import { describeGroup } from './redis-dataset.js';
import { redisError, type RedisLine } from './redis-line.js';

/** What a pattern is made of; the rest of a long key is not looked at. */
const MAX_TEXT = 1_024;

/** The databases to read: the configured one, else all that hold keys. */
export async function scopes(line: RedisLine): Promise<string[]> {
  await line.run((client) => client.scan('0', 'COUNT', 1)).catch(rethrow);
  if (line.database !== undefined) return [`db${String(line.database)}`];
  const info = (await line.ask((client) => client.info('keyspace'))) ?? '';
  const found = [...info.matchAll(/^(db\d+):/gm)].map(([, name]) => name ?? '');
  return found.length > 0 ? found : ['db0'];
}

/** The groups of keys of one database, the largest first. */
export async function* datasets(
  line: RedisLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const index = Number(scope.slice(2));
  // A cluster has one database and refuses to choose it.
  if (index === 0) await line.ask((client) => client.select(index));
  else await line.run((client) => client.select(index)).catch(rethrow);
  const groups = new KeyGroups<Buffer | undefined>(peek.sample);
  const cut = await scanKeys(line, peek, groups);
  for (const { pattern, count, sample } of groups.list()) {
    const keys = sample.filter((key) => key !== undefined);
    yield await describeGroup(line, scope, { pattern, count, sample: keys });
    if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
  }
  return cut;
}

/** Lists keys by SCAN, never KEYS, until all are seen or a bound is reached: then it says which. */
async function scanKeys(
  line: RedisLine,
  peek: Peek,
  groups: KeyGroups<Buffer | undefined>,
): Promise<CutShort | undefined> {
  const ends = performance.now() + peek.maxMs;
  const from = line.bytesRead;
  let cursor = '0';
  let listed = 0;
  do {
    const [next, keys] = await line
      .run((client) => client.scanBuffer(cursor, 'COUNT', peek.batch))
      .catch(rethrow);
    cursor = next.toString();
    listed += keys.length;
    for (const key of keys)
      // A copy: a key is a window into a whole chunk of the socket.
      groups.add(key.toString('utf8', 0, MAX_TEXT), () =>
        key.length > MAX_TEXT ? undefined : Buffer.from(key),
      );
    const bound = boundReached(peek, listed, line.bytesRead - from, ends);
    if (bound !== undefined && cursor !== '0')
      return { reason: `Sampled: the scan stopped at its limit of ${bound} after ${String(listed)} keys.` };
    if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
  } while (cursor !== '0');
  return undefined;
}

function rethrow(error: unknown): never {
  throw redisError(error);
}

function boundReached(peek: Peek, listed: number, bytes: number, ends: number): string | undefined {
  if (listed >= peek.maxListed) return 'keys';
  if (bytes >= peek.maxBytes) return 'bytes';
  return performance.now() >= ends ? 'time' : undefined;
}
