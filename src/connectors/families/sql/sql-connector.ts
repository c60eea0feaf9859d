import type { TObject } from 'typebox';
import type { ErrorCode } from '../../../common/app-error.js';
import {
  toConnectorError,
  type CodeMap,
  type ConnectorDefinition,
  type DiscoveryEvent,
  type Session,
} from '../../spi/index.js';
import { sqlDiscoverer } from './discovery.js';
import type { SqlDriver, SqlLine } from './sql-driver.js';

type Described<S extends TObject> = Omit<ConnectorDefinition<S, 'discover'>, 'open' | 'capabilities'>;

/**
 * Makes a connector of a SQL driver: what the driver throws becomes an AppError, an abort drops the line and rejects
 * with the signal's reason, and discovery streams out of the driver's catalog.
 */
export function sqlConnector<S extends TObject, L extends SqlLine>(
  described: Described<S>,
  driver: SqlDriver<S, L>,
): ConnectorDefinition<S, 'discover'> {
  return {
    ...described,
    capabilities: ['discover'],
    async open(config, context) {
      context.signal.throwIfAborted();
      try {
        return sessionOf(driver, await driver.connect(config, context));
      } catch (error) {
        throw faultOf(error, driver.codes, context.signal, 'PROTOCOL');
      }
    },
  };
}

function sessionOf<S extends TObject, L extends SqlLine>(
  driver: SqlDriver<S, L>,
  line: L,
): Session<'discover'> {
  const discoverer = sqlDiscoverer(driver.catalog(line), driver.codes);
  return {
    server: line.server,
    get usable() {
      return line.usable;
    },
    async ping(signal) {
      const release = dropOnAbort(line, signal);
      try {
        await line.ping(signal);
      } catch (error) {
        throw faultOf(error, driver.codes, signal);
      } finally {
        release();
      }
    },
    close: () => line.close(),
    discover: {
      async *discover(request, signal): AsyncGenerator<DiscoveryEvent> {
        const release = dropOnAbort(line, signal);
        try {
          yield* discoverer.discover(request, signal);
        } catch (error) {
          throw faultOf(error, driver.codes, signal);
        } finally {
          release();
        }
      },
    },
  };
}

/** A call that was left must not keep its socket: no answer can be told apart from a late one any more. */
function dropOnAbort(line: SqlLine, signal: AbortSignal): () => void {
  signal.throwIfAborted();
  const drop = (): void => line.destroy?.();
  signal.addEventListener('abort', drop, { once: true });
  return () => signal.removeEventListener('abort', drop);
}

function faultOf(error: unknown, codes: CodeMap, signal: AbortSignal, fallback?: ErrorCode): unknown {
  return signal.aborted ? signal.reason : toConnectorError(error, codes, fallback);
}
