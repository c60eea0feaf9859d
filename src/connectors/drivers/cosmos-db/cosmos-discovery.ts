import type { CutShort, Peek } from '../../families/records/records-driver.js';
import { toConnectorError, type Dataset } from '../../spi/index.js';
import { datasetOf, type Container } from './cosmos-dataset.js';
import type { CosmosLine } from './cosmos-line.js';

/** Containers that are looked into at one moment: their request units are those of the account. */
const AT_ONCE = 4;

/** The databases of the account, or the one of the connection. */
export async function scopes(line: CosmosLine, signal: AbortSignal): Promise<readonly string[]> {
  if (line.config.database !== undefined) return [line.config.database];
  const found: string[] = [];
  for await (const page of line.list('dbs', [], signal)) found.push(...page.map(({ id }) => String(id)));
  return found.sort();
}

export async function* datasets(
  line: CosmosLine,
  scope: string,
  peek: Peek,
): AsyncGenerator<Dataset, CutShort | undefined> {
  const until = Date.now() + peek.maxMs;
  const unread: string[] = [];
  let listed = 0;
  for await (const page of line.list('colls', ['dbs', scope], peek.signal)) {
    const containers = (page as readonly unknown[] as readonly Container[]).filter(({ id }) =>
      peek.wants(id),
    );
    for (let at = 0; at < containers.length; at += AT_ONCE) {
      if (Date.now() > until || listed >= peek.maxListed)
        return { reason: `Only ${String(listed)} containers were looked at in the time that a run has.` };
      const some = containers.slice(at, at + AT_ONCE);
      yield* await Promise.all(some.map((container) => look(line, scope, container, { ...peek, unread })));
      listed += some.length;
    }
  }
  if (unread.length === 0) return undefined;
  return { reason: `No items are read of ${unread.slice(0, 5).join(', ')}: fields are missing.` };
}

async function look(
  line: CosmosLine,
  scope: string,
  container: Container,
  { sample, signal, unread }: Peek & { readonly unread: string[] },
): Promise<Dataset> {
  const link = ['dbs', scope, 'colls', container.id];
  const most = Math.min(sample, line.config.sample_items ?? sample);
  const usage = await line.usage(link, signal);
  try {
    const items = most === 0 ? [] : await line.sample(link, most, signal);
    return datasetOf(scope, container, { items, usage });
  } catch (error) {
    const { code } = toConnectorError(error);
    if (signal.aborted || code === 'UNREACHABLE' || code === 'AUTH_FAILED') throw error;
    unread.push(`${container.id} (${code})`);
    return datasetOf(scope, container, { items: [], usage });
  }
}
