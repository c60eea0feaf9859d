import type { Static, TObject } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import type { ConnectorDefinition, OpenContext, ServerInfo } from '../../spi/index.js';
import { fileRemedy } from '../files/file-session.js';
import { withParserSlot } from '../files/parser-pool.js';
import type { FileStore } from '../files/stores/file-store.js';
import { localStore } from '../files/stores/local-store.js';
import { sqlConnector } from '../sql/sql-connector.js';
import type { CatalogReader, CatalogRequest, SqlCatalog, SqlLine } from '../sql/sql-driver.js';
import { ENGINE_CODES, EngineProcess } from './engine.js';
import type { EngineName } from './protocol.js';

/** An embedded database: an engine, and how its catalog is read. */
export interface EmbeddedDatabase {
  readonly engine: EngineName;
  /** What `server.product` says. */
  readonly product: string;
  /** See `SqlCatalog.version`. */
  readonly catalogVersion: string;
  /** The catalog over an engine that has the file open; the family ends the engine. */
  read(engine: EngineProcess, request: CatalogRequest): Omit<CatalogReader, 'close'>;
}

type Described<S extends TObject> = Pick<
  ConnectorDefinition<S, 'discover'>,
  'type' | 'title' | 'spec' | 'driver' | 'install'
>;

/** Makes a connector of an embedded database in a file of the organization's folder. */
export function embeddedConnector<S extends TObject>(
  described: Described<S>,
  database: EmbeddedDatabase,
  pathOf: (config: Static<S>) => string,
): ConnectorDefinition<S, 'discover'> {
  return sqlConnector<S, EmbeddedLine>(
    { ...described, category: 'sql', concurrency: 'shared', remedy: fileRemedy },
    {
      codes: ENGINE_CODES,
      connect: (config, context) => EmbeddedLine.open(database, pathOf(config), context),
      quote: (name) => `"${name.replaceAll('"', '""')}"`,
      catalog: (line) => line.catalog(),
    },
  );
}

/**
 * A line to a file: nothing is open between two calls. The process of the engine lives for the look at the opening, and
 * for a discovery, a few of them at one moment.
 */
class EmbeddedLine implements SqlLine {
  usable = true;
  private readonly running = new Set<EngineProcess>();

  private constructor(
    private readonly database: EmbeddedDatabase,
    private readonly place: { readonly root: string; readonly path: string },
    private readonly store: FileStore,
    readonly server: ServerInfo,
  ) {}

  static async open(
    database: EmbeddedDatabase,
    path: string,
    { root, signal, done }: OpenContext,
  ): Promise<EmbeddedLine> {
    if (root === undefined) throw new AppError('UNSUPPORTED', 'This installation keeps no files.');
    const store = localStore(root);
    const { size } = await store.stat(path, signal);
    const version = await withParserSlot(signal, async () => {
      const engine = await EngineProcess.open({ engine: database.engine, root, path }, signal);
      engine.kill();
      return engine.version;
    });
    done?.('database', { size_bytes: size });
    return new EmbeddedLine(database, { root, path }, store, { product: database.product, version });
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.store.stat(this.place.path, signal);
  }

  catalog(): SqlCatalog {
    return {
      version: this.database.catalogVersion,
      token: async (signal) => (await this.store.stat(this.place.path, signal)).version,
      read: (request, signal) => this.read(request, signal),
    };
  }

  /** Ends what runs; a later call starts anew, so the line itself is not lost. */
  destroy(): void {
    for (const engine of this.running) engine.kill();
  }

  close(): Promise<void> {
    this.usable = false;
    this.destroy();
    return Promise.resolve();
  }

  private async read(request: CatalogRequest, signal: AbortSignal): Promise<CatalogReader> {
    const { engine, release } = await this.start(signal);
    const close = (): Promise<void> => {
      this.running.delete(engine);
      engine.kill();
      release();
      return Promise.resolve();
    };
    return { ...this.database.read(engine, request), close };
  }

  /** A process in a slot of its own, until it is released. */
  private start(signal: AbortSignal): Promise<{ engine: EngineProcess; release: () => void }> {
    return new Promise((resolve, reject) => {
      withParserSlot(signal, async () => {
        const engine = await EngineProcess.open({ engine: this.database.engine, ...this.place }, signal);
        this.running.add(engine);
        await new Promise<void>((release) => resolve({ engine, release }));
      }).catch(reject);
    });
  }
}
