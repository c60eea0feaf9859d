import type { TObject } from 'typebox';
import type {
  Capability,
  CodeMap,
  ConnectorDefinition,
  DiscoveryEvent,
  Facets,
  Querier,
  ReadStatement,
  Session,
} from '../../spi/index.js';
import { dropOnAbort, faultOf, guarded } from '../guarded-line.js';
import { sqlDiscoverer } from './discovery.js';
import type { QueryingDriver, SqlDriver, SqlLine } from './sql-driver.js';

type Described<S extends TObject> = Omit<ConnectorDefinition<S, 'discover'>, 'open' | 'capabilities'>;
type Offered = 'discover' | 'query';

/**
 * Makes a connector of a SQL driver: what the driver throws becomes an AppError, an abort drops the line and rejects
 * with the signal's reason, and discovery streams out of the driver's catalog.
 */
export function sqlConnector<S extends TObject, L extends SqlLine>(
  described: Described<S>,
  driver: QueryingDriver<S, L>,
): ConnectorDefinition<S, Offered>;
export function sqlConnector<S extends TObject, L extends SqlLine>(
  described: Described<S>,
  driver: SqlDriver<S, L>,
): ConnectorDefinition<S, 'discover'>;
export function sqlConnector<S extends TObject, L extends SqlLine>(
  described: Described<S>,
  driver: SqlDriver<S, L>,
): ConnectorDefinition<S, 'discover'> | ConnectorDefinition<S, Offered> {
  const capabilities: Capability[] = driver.query ? ['discover', 'query'] : ['discover'];
  return {
    ...described,
    capabilities: capabilities as 'discover'[],
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
): Session<'discover'> & Partial<Pick<Facets, 'query'>> {
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
    ...(driver.query ? { query: querierOf(line, driver.codes, driver.query) } : {}),
  };
}

function querierOf<L extends SqlLine>(
  line: L,
  codes: CodeMap,
  query: (line: L, statement: ReadStatement) => ReturnType<Querier['query']>,
): Querier {
  return {
    query: (statement, signal) => guarded(line, codes, signal, () => query(line, statement)),
  };
}
