import type { TObject } from 'typebox';
import type { ConnectorDefinition, DiscoveryEvent, Session } from '../../spi/index.js';
import { dropOnAbort, faultOf, guarded } from '../guarded-line.js';
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
    ping: (signal) => guarded(line, driver.codes, signal, () => line.ping(signal)),
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
