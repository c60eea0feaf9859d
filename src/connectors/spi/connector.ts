import type { FileHandle } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Static, TObject } from 'typebox';
import type { ErrorCode, FieldFault } from '../../common/app-error.js';
import type { Dataset } from './metadata.js';

export type Category = 'sql' | 'nosql' | 'warehouse' | 'file' | 'streaming' | 'api';

/** What a session can offer beyond being open. Each facet has one method. */
export interface Facets {
  readonly discover: Discoverer;
  readonly presign: Presigner;
  readonly query: Querier;
}
export type Capability = keyof Facets;
export const CAPABILITIES = ['discover', 'presign', 'query'] as const satisfies readonly Capability[];

export interface ServerInfo {
  /** Name of the product that answered, such as `PostgreSQL` or `MariaDB`. */
  readonly product: string;
  readonly version: string;
}

/** An open line to one source, with the facets that were promised. */
export type Session<C extends Capability = never> = BaseSession & { readonly [K in C]: Facets[K] };

export interface BaseSession {
  /** Who answered when the session was opened. */
  readonly server: ServerInfo;
  /** False once the line is lost: the pool then drops the session. */
  readonly usable: boolean;
  /** The cheapest round trip that proves that the source still serves this login. Rejects when it does not. */
  ping(signal: AbortSignal): Promise<void>;
  /** Ends the session. Never rejects; a line that does not close in time is destroyed. */
  close(): Promise<void>;
}

export type DiscoveryStrategy = 'conservative' | 'balanced' | 'aggressive';

export interface DiscoveryRequest {
  /** Globs over `schema.dataset` (`*` and `?`); empty means everything. Pushed into the source's own queries. */
  readonly include: readonly string[];
  /** Globs that win over `include`. */
  readonly exclude: readonly string[];
  /** How hard the source may be worked: batch sizes and pauses, never what is found. */
  readonly strategy: DiscoveryStrategy;
  /** What the last committed snapshot knows; absent for a full run. */
  readonly since?: KnownState;
}

/** What an incremental run may compare with. */
export interface KnownState {
  /** The token of the last complete run, see the `token` event. */
  readonly token?: string;
  /** Fingerprint by dataset name, for one schema. */
  fingerprints(schema: string): Promise<ReadonlyMap<string, string>>;
}

/**
 * What a discovery says while it runs. A scope is a schema (bucket, keyspace, folder); only a scope that ends
 * `complete` allows its unnamed datasets to be taken as gone. One that ends `failed` stands for all whose names begin
 * with it and a dot: a catalog that cannot be read hides its schemas, and says nothing of them.
 */
export type DiscoveryEvent =
  /** Nothing changed since `since.token`: no other event but `token` follows. */
  | { readonly event: 'source_unchanged' }
  | { readonly event: 'scope_started'; readonly scope: string; readonly datasets?: number }
  | { readonly event: 'dataset'; readonly dataset: Dataset; readonly fingerprint?: string }
  /** Datasets of `scope` that are still there with the fingerprint that is known. */
  | { readonly event: 'unchanged'; readonly scope: string; readonly names: readonly string[] }
  | {
      readonly event: 'scope_ended';
      readonly scope: string;
      readonly status: 'complete' | 'partial' | 'failed';
      readonly code?: ErrorCode;
      readonly reason?: string;
    }
  /** An opaque token of the state that was read; given back as `since.token`. */
  | { readonly event: 'token'; readonly token: string };

export interface Discoverer {
  /**
   * Streams what is in the source, one scope after the other, in bounded memory. Rejects with an AppError where the
   * listing of scopes itself fails; a fault inside one scope ends that scope as `partial` or `failed` and goes on.
   */
  discover(request: DiscoveryRequest, signal: AbortSignal): AsyncIterable<DiscoveryEvent>;
}

/** A statement of the product's own that reads; a user's text is never one. */
export interface ReadStatement {
  readonly text: string;
  /** Parameters, which travel beside the text; written as the source writes them. */
  readonly values?: readonly string[];
  /** One name for one text: a source that can plans it once for each session. */
  readonly name?: string;
}

export interface Querier {
  /**
   * The rows of one statement, each value as text, null as null. For small answers: the driver bounds its bytes. An
   * abort drops the line, for all who share it.
   */
  query(statement: ReadStatement, signal: AbortSignal): Promise<readonly (readonly (string | null)[])[]>;
}

export interface Presigner {
  /** Where a client can read the file: a URL of the store, or a file that this process opens and the API serves. */
  presign(expiresInS: number, signal: AbortSignal): Promise<PresignedUrl | LocalFile>;
}

export interface PresignedUrl {
  readonly kind: 'url';
  readonly url: string;
}

export interface LocalFile {
  readonly kind: 'local';
  /** Name to save it under. */
  readonly name: string;
  /** Opens it for reading, checked again at that moment; the caller closes it. */
  open(): Promise<FileHandle>;
}

/** The parts of opening a session that a driver can tell apart; one that it leaves out counts as done with the next. */
export type OpenStep = 'tcp' | 'tls' | 'auth' | 'database';

/** A fault of a connection; its pointer begins behind the connection, such as `/project`. */
export type ConnectionFault = FieldFault & { readonly pointer: string };

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface OpenContext {
  /** Aborts at the deadline: the driver destroys its socket then. */
  readonly signal: AbortSignal;
  /** Where to dial, already resolved, judged and pinned. The configured host stays the name for TLS. */
  readonly address?: Address;
  /**
   * The address to dial for a host that the endpoint of the connection does not name: a replica, a broker or a shard that
   * the source speaks of, the token server of a login. Resolved, judged by the egress policy and pinned; it may be
   * called as long as the session lives. Nothing is ever dialled that has not come from here or from `address`.
   *
   * @throws AppError HOST_UNKNOWN, TIMEOUT or EGRESS_DENIED.
   */
  readonly locate: (where: Address) => Promise<Address>;
  /**
   * Dials in place of TCP where the source is reached through something else; `openSocket` knows. `address` and what
   * `locate` gives lead nowhere then, so that a driver that dials by itself fails instead of going around.
   */
  readonly dial?: (where: Address, signal: AbortSignal) => Promise<Socket>;
  /** The organization's folder for files on the local store; absolute, and it exists. */
  readonly root?: string;
  /**
   * Called when a step is done, so that a test can time it; `detail` is shown and holds no secret. The `egress_ip` of
   * the step `tcp` becomes that of the whole test.
   */
  readonly done?: (step: OpenStep, detail?: Readonly<Record<string, string | number | boolean>>) => void;
}

/** What to do about a fault: a sentence, and the statements that mend it. */
export interface Remedy {
  readonly text: string;
  readonly sql?: readonly string[];
}

/** A type of source. Without arguments it is any connector: look at `capabilities` before a facet is used. */
export interface ConnectorDefinition<S extends TObject = TObject, C extends Capability = never> {
  /** Name in the API, `snake_case`; never changes. */
  readonly type: string;
  readonly title: string;
  readonly category: Category;
  /** One JSON Schema of the connection; see spec.ts for what is derived from it. */
  readonly spec: S;
  readonly capabilities: readonly ([C] extends [never] ? Capability : C)[];
  /** `exclusive`: a session serves one caller at a time; `shared`: one session serves all. */
  readonly concurrency: 'exclusive' | 'shared';
  /** npm package of the driver, loaded on first use; absent where none is needed. */
  readonly driver?: string;
  /** What `npm install` is given where the driver's package is optional, such as `libsql@0.5.29`. */
  readonly install?: string;
  /**
   * What a check of the source costs it. `session`: a round trip on an open line. `metadata`: calls of an interface for
   * metadata, which start no compute and bill no query; for sources that bill. Absent it is `session`.
   */
  readonly probe?: 'session' | 'metadata';
  /**
   * What the schema cannot say of a connection, checked when it is written: fields that exclude each other, a document
   * in a field. Secrets that a change leaves as they are do not come along, so a missing one is no fault.
   */
  check?(config: Static<S>): readonly ConnectionFault[];
  /** Where the connection goes, if that is not its `host` and `port`; nothing where it goes nowhere, as with local files. */
  endpoint?(config: Static<S>): Address | undefined;
  /** Opens a session or rejects with an AppError of a connector code. Leaves no socket behind when it rejects. */
  open(config: Static<S>, context: OpenContext): Promise<Session<C>>;
  /** The exact remedy for a code where this engine knows a better one than the general text. */
  remedy?(code: ErrorCode, config: Static<S>, server?: ServerInfo): Remedy | undefined;
}

/** Types a connector: the compiler refuses a promised facet that is missing and a field that the spec lacks. */
export function defineConnector<S extends TObject, const C extends Capability>(
  definition: ConnectorDefinition<S, C>,
): ConnectorDefinition<S, C> {
  return definition;
}
