import { setTimeout as pause } from 'node:timers/promises';
import { KeyGroups } from '../../families/records/key-groups.js';
import type { CutShort, Peek } from '../../families/records/records-driver.js';
import type { Dataset } from '../../spi/index.js';
import { describeGroup, type SampledKey } from './redis-dataset.js';
import { redisError, type RedisLine, type RedisNode } from './redis-line.js';

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

/** The groups of keys of one database, the largest first; those of a cluster are merged over its masters. */
export async function* datasets(
  line: RedisLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const index = Number(scope.slice(2));
  // A cluster has one database and refuses to choose it.
  if (index === 0) await line.ask((client) => client.select(index));
  else await line.run((client) => client.select(index)).catch(rethrow);
  const { nodes, missing } = await line.findNodes(line, peek.signal);
  const others = nodes.filter(({ own }) => !own);
  const drop = (): void => others.forEach((node) => node.line.destroy());
  peek.signal.addEventListener('abort', drop, { once: true });
  try {
    const groups = new KeyGroups<SampledKey | undefined>(peek.sample);
    const cut = await scanNodes(nodes, peek, groups);
    for (const { pattern, count, sample } of groups.list()) {
      const keys = sample.filter((key) => key !== undefined);
      const dataset = await describeGroup(scope, { pattern, count, sample: keys });
      if (dataset) yield dataset;
      if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
    }
    const failed = nodes.flatMap(({ name, fault }) =>
      fault === undefined ? [] : [`node ${name}: ${fault}`],
    );
    const lacks = [line.caveat, ...missing, ...failed].filter((text) => text !== undefined);
    const reasons = [cut, lacks.length > 0 ? `Not all keys were reached: ${lacks.join('; ')}` : undefined];
    const reason = reasons.filter((text) => text !== undefined).join(' ');
    return reason === '' ? undefined : { reason };
  } finally {
    peek.signal.removeEventListener('abort', drop);
    await Promise.all(others.map((node) => node.line.close()));
  }
}

/** Scans one node after the other; the bounds are of all together. Gives the bound that was reached, in a sentence. */
async function scanNodes(
  nodes: readonly RedisNode[],
  peek: Peek,
  groups: KeyGroups<SampledKey | undefined>,
): Promise<string | undefined> {
  const scan: Scan = { listed: 0, bytes: 0, ends: performance.now() + peek.maxMs };
  for (const [at, node] of nodes.entries()) {
    const whole = await node.attempt(() => scanKeys(node, peek, groups, scan));
    const bound = boundReached(peek, scan);
    if (bound !== undefined && (whole === false || at < nodes.length - 1))
      return `Sampled: the scan stopped at its limit of ${bound} after ${String(scan.listed)} keys.`;
  }
  return undefined;
}

/** What was read so far of a scope, over all nodes. */
interface Scan {
  listed: number;
  bytes: number;
  readonly ends: number;
}

/** Lists keys by SCAN, never KEYS; false where a bound stopped it before the end. */
async function scanKeys(
  node: RedisNode,
  peek: Peek,
  groups: KeyGroups<SampledKey | undefined>,
  scan: Scan,
): Promise<boolean> {
  const { line } = node;
  let cursor = '0';
  do {
    const from = line.bytesRead;
    const [next, keys] = await line
      .run((client) => client.scanBuffer(cursor, 'COUNT', peek.batch))
      .catch(rethrow);
    cursor = next.toString();
    scan.listed += keys.length;
    scan.bytes += line.bytesRead - from;
    for (const key of keys)
      // A copy: a key is a window into a whole chunk of the socket.
      groups.add(key.toString('utf8', 0, MAX_TEXT), () =>
        key.length > MAX_TEXT ? undefined : { node, key: Buffer.from(key) },
      );
    if (cursor !== '0' && boundReached(peek, scan) !== undefined) return false;
    if (peek.pauseMs > 0) await pause(peek.pauseMs, undefined, { signal: peek.signal });
  } while (cursor !== '0');
  return true;
}

function rethrow(error: unknown): never {
  throw redisError(error);
}

function boundReached(peek: Peek, { listed, bytes, ends }: Scan): string | undefined {
  if (listed >= peek.maxListed) return 'keys';
  if (bytes >= peek.maxBytes) return 'bytes';
  return performance.now() >= ends ? 'time' : undefined;
}
