import { faultOf, guarded } from '../../families/guarded-line.js';
import { isChosen } from '../../families/name-glob.js';
import { PEEKS } from '../../families/records/records-driver.js';
import {
  toConnectorError,
  type DiscoveryEvent,
  type DiscoveryRequest,
  type OpenContext,
  type Session,
} from '../../spi/index.js';
import { datasets, listed } from './elastic-discovery.js';
import { ElasticLine } from './elastic-line.js';
import type { ElasticConfig } from './elastic-spec.js';
import { indexPatterns, SCOPE } from './index-patterns.js';

/** A session of its own kind: the globs of a request become index patterns, which the family of records does not know. */
export async function openElastic(config: ElasticConfig, context: OpenContext): Promise<Session<'discover'>> {
  const line = await ElasticLine.open(config, context).catch((error: unknown) => {
    throw faultOf(error, {}, context.signal, 'PROTOCOL');
  });
  return {
    server: line.server,
    get usable() {
      return line.usable;
    },
    ping: (signal) => guarded({}, {}, signal, () => line.ping(signal)),
    close: () => line.close(),
    discover: { discover: (request, signal) => discover(line, request, signal) },
  };
}

async function* discover(
  line: ElasticLine,
  { include, exclude, strategy }: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const patterns = indexPatterns(include);
  if (patterns.length === 0) return;
  const all = await guarded({}, {}, signal, () => listed(line, patterns, signal));
  const chosen = all.filter(({ name }) => isChosen(`${SCOPE}.${name}`, include, exclude));
  yield { event: 'scope_started', scope: SCOPE, datasets: chosen.length };
  const found = datasets(line, chosen, { ...PEEKS[strategy], signal });
  try {
    let step = await guarded({}, {}, signal, () => found.next());
    for (; step.done !== true; step = await guarded({}, {}, signal, () => found.next()))
      yield { event: 'dataset', dataset: step.value };
    if (step.value === undefined) yield { event: 'scope_ended', scope: SCOPE, status: 'complete' };
    else yield { event: 'scope_ended', scope: SCOPE, status: 'partial', reason: step.value.reason };
  } catch (error) {
    const { code, message } = toConnectorError(error);
    // A source that is gone, or a caller who left, ends the whole run.
    if (signal.aborted || !line.usable || code === 'UNREACHABLE') throw error;
    yield { event: 'scope_ended', scope: SCOPE, status: 'failed', code, reason: message };
  }
}
