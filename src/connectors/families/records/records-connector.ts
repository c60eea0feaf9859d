import type { TObject } from 'typebox';
import {
  toConnectorError,
  type ConnectorDefinition,
  type DiscoveryEvent,
  type DiscoveryRequest,
  type Session,
} from '../../spi/index.js';
import { faultOf, guarded } from '../guarded-line.js';
import { isChosen } from '../name-glob.js';
import { Turns } from '../turns.js';
import { PEEKS, type RecordsDriver, type RecordsLine } from './records-driver.js';

type Described<S extends TObject> = Omit<ConnectorDefinition<S, 'discover'>, 'open' | 'capabilities'>;

/** Makes a connector of a driver of records: errors become ours, an abort drops the line, discovery streams by scope. */
export function recordsConnector<S extends TObject, L extends RecordsLine>(
  described: Described<S>,
  driver: RecordsDriver<S, L>,
): ConnectorDefinition<S, 'discover'> {
  const { codes } = driver;
  return {
    ...described,
    capabilities: ['discover'],
    async open(config, context) {
      const line = await driver.connect(config, context).catch((error: unknown) => {
        throw faultOf(error, codes, context.signal, 'PROTOCOL');
      });
      return sessionOf(driver, line);
    },
  };
}

function sessionOf<S extends TObject, L extends RecordsLine>(
  driver: RecordsDriver<S, L>,
  line: L,
): Session<'discover'> {
  return {
    server: line.server,
    get usable() {
      return line.usable;
    },
    ping: (signal) => guarded(line, driver.codes, signal, () => line.ping(signal)),
    close: () => line.close(),
    discover: { discover: (request, signal) => discover(driver, line, request, signal) },
  };
}

async function* discover<S extends TObject, L extends RecordsLine>(
  driver: RecordsDriver<S, L>,
  line: L,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const scopes = await guarded(line, driver.codes, signal, () => driver.scopes(line, signal));
  for (const scope of scopes.filter((name) => mayHold(name, request.include))) {
    yield { event: 'scope_started', scope };
    const wants = (name: string): boolean => isChosen(`${scope}.${name}`, request.include, request.exclude);
    const datasets = driver.datasets(line, scope, { ...PEEKS[request.strategy], signal, wants });
    try {
      const turns = new Turns();
      let step = await guarded(line, driver.codes, signal, () => datasets.next());
      for (; step.done !== true; step = await guarded(line, driver.codes, signal, () => datasets.next())) {
        const dataset = step.value;
        if (wants(dataset.name)) yield { event: 'dataset', dataset };
        await turns.give();
      }
      if (step.value === undefined) yield { event: 'scope_ended', scope, status: 'complete' };
      else yield { event: 'scope_ended', scope, status: 'partial', reason: step.value.reason };
    } catch (error) {
      const { code, message } = toConnectorError(error, driver.codes);
      // A source that is gone, or a caller who left, ends the whole run: the scopes to come would only fail the same way.
      if (signal.aborted || !line.usable || code === 'UNREACHABLE') throw error;
      yield { event: 'scope_ended', scope, status: 'failed', code, reason: message };
    } finally {
      await datasets.return(undefined).catch(() => undefined);
    }
  }
}

/** Whether a glob could choose anything in a scope: a scope that none can is not read at all. */
function mayHold(scope: string, include: readonly string[]): boolean {
  const start = `${scope}.`;
  return (
    include.length === 0 ||
    include.some((glob) => {
      const fixed = glob.split(/[*?]/, 1)[0] ?? '';
      return fixed.startsWith(start) || (start.startsWith(fixed) && fixed.length < glob.length);
    })
  );
}
