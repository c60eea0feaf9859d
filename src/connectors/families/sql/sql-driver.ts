import type { Static, TObject } from 'typebox';
import type {
  BaseSession,
  CheckConstraint,
  CodeMap,
  Dataset,
  DatasetKind,
  Field,
  ForeignKey,
  Index,
  KeyConstraint,
  OpenContext,
  Querier,
  ReadStatement,
} from '../../spi/index.js';
import type { NameFilter } from './name-filter.js';

/**
 * What a SQL database gives so that the family makes a connector of it: an open line, a map of error codes, quoting, and
 * a catalog that is read by sets, never table by table. Whatever a driver throws is turned into an AppError by the
 * family through `codes`; a driver throws an AppError itself only where it knows better.
 */
export interface SqlDriver<S extends TObject, L extends SqlLine> {
  readonly codes: CodeMap;
  /**
   * Opens one read-only line, or rejects and leaves no socket behind. Destroys the socket when `context.signal` aborts
   * and reports `context.done` for the steps it can tell apart.
   */
  connect(config: Static<S>, context: OpenContext): Promise<L>;
  /** An identifier as it may stand in a statement, whatever characters are in it. */
  quote(name: string): string;
  catalog(line: L): SqlCatalog;
  /** Reads rows by a statement of the product's own. Absent where that would wake or bill something. */
  readonly query?: (line: L, statement: ReadStatement) => ReturnType<Querier['query']>;
}

/** A driver whose sessions read rows. */
export type QueryingDriver<S extends TObject, L extends SqlLine> = SqlDriver<S, L> &
  Required<Pick<SqlDriver<S, L>, 'query'>>;

/** One connection. `close` ends it politely and never rejects. */
export interface SqlLine extends BaseSession {
  /**
   * Drops the socket at once; every pending call rejects and `usable` is false from then on. Absent where a call that is
   * aborted ends its own socket and leaves the line whole, as over HTTP.
   */
  destroy?(): void;
}

/** How hard a source is worked; from the strategy of the request. */
export interface Pace {
  /** Relations in one page. */
  readonly pageSize: number;
  /** Pages that may be asked for before the first one is used, where the protocol allows it. */
  readonly ahead: number;
  /** Milliseconds of rest for the source between two pages. */
  readonly pauseMs: number;
}

export interface CatalogRequest {
  readonly names: NameFilter;
  readonly pace: Pace;
}

export interface SqlCatalog {
  /**
   * Changes when the facts that are read, or how they are written, change, so that no snapshot of an older reader is
   * taken as up to date. Goes into tokens and fingerprints.
   */
  readonly version: string;
  /**
   * The state of the whole catalog as a short text for about one cheap query: equal texts promise equal catalogs.
   * `undefined` where the server has none. It is asked for before `read`, so that a change in between is never lost.
   */
  token(signal: AbortSignal): Promise<string | undefined>;
  /** Begins one consistent read. The family calls `close` of the reader in every case. */
  read(request: CatalogRequest, signal: AbortSignal): Promise<CatalogReader>;
}

export interface CatalogReader {
  /**
   * The schemas that the filter leaves, system schemas left out, in the order in which they will be read. A schema that
   * cannot be read at all is listed with its fault; an empty one is listed too.
   */
  scopes(): Promise<readonly ScopeHead[]>;
  /** Every dataset of these scopes, scope after scope in the order given, in pages of bounded size. */
  all(scopes: readonly string[]): AsyncIterable<CatalogPage>;
  /** Absent where the source cannot tell what changed: every run is a full one then. */
  readonly changes?: ChangeReader;
  /** Ends the read. Never rejects. */
  close(): Promise<void>;
}

export interface ChangeReader {
  /** Every relation with its fingerprint of now, scope after scope in the order given. */
  heads(scopes: readonly string[]): AsyncIterable<readonly RelationHead[]>;
  /** The datasets of these relations, all of one scope, in their order; one that is gone meanwhile is left out. */
  only(heads: readonly RelationHead[]): AsyncIterable<CatalogPage>;
}

export interface ScopeHead {
  readonly name: string;
  /** How many datasets to expect, for progress. */
  readonly datasets?: number;
  /** Why nothing of it can be read. */
  readonly fault?: unknown;
}

export interface RelationHead {
  readonly scope: string;
  readonly name: string;
  /** The driver's own key, such as an oid. */
  readonly key: string;
  /** Equal to the fingerprint that `all` and `only` give for the same state. */
  readonly fingerprint: string;
}

export interface FoundDataset {
  readonly dataset: Dataset;
  readonly fingerprint?: string;
}

export interface CatalogPage {
  /** Gone through once. They may be made one by one as they are taken, so that no page holds the event loop. */
  readonly datasets: Iterable<FoundDataset>;
  /** Scopes of which something could not be read. The read goes on after them. */
  readonly faults?: readonly ScopeFault[];
}

export interface ScopeFault {
  readonly scope: string;
  /** `partial`: some facts or datasets are missing; `failed`: nothing that was given may be trusted to be all. */
  readonly status: 'partial' | 'failed';
  readonly error: unknown;
}

/** What is known of a relation itself; see Dataset for the fields. */
export interface RelationFacts {
  readonly schema: string;
  readonly name: string;
  readonly kind: DatasetKind;
  readonly comment?: string | undefined;
  readonly partitionOf?: { readonly schema: string; readonly dataset: string } | undefined;
  readonly partitioning?: string | undefined;
  readonly definition?: string | undefined;
  readonly rowEstimate?: number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly properties?: Dataset['properties'] | undefined;
}

/** Constraints of one relation in the order of the source; `buildDataset` sorts them into the shape of a Dataset. */
export type ConstraintFacts =
  | ({ readonly kind: 'primary' | 'unique' } & KeyConstraint)
  | ({ readonly kind: 'foreign' } & ForeignKey)
  | ({ readonly kind: 'check' } & CheckConstraint);

export interface DatasetParts {
  readonly relation: RelationFacts;
  readonly fields: readonly Field[];
  readonly constraints: readonly ConstraintFacts[];
  readonly indexes: readonly Index[];
}
