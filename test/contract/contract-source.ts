import { inspect } from 'node:util';
import { AppError } from '../../src/common/app-error.js';
import { withDeadline } from '../../src/common/deadline.js';
import {
  validateConnection,
  type ConnectorDefinition,
  type Dataset,
  type DiscoveryEvent,
  type DiscoveryRequest,
  type OpenContext,
  type OpenStep,
  type Session,
} from '../../src/connectors/spi/index.js';
import type { ServerName } from '../support/servers.js';
import type { TcpProxy } from '../support/tcp-proxy.js';

export type Connection = Readonly<Record<string, unknown>>;
export type Discoverable = ConnectorDefinition;

/** Parts of the contract that not every server can show; anything else that is unproven has a name of its own. */
export type Provable = 'wrong_password' | 'wrong_database' | 'unknown_host' | 'tls' | (string & {});

/** What a connector's test tells the suite. */
export interface ContractFixture {
  /** The test servers that are needed; absent for files and doubles. */
  readonly server?: ServerName | readonly ServerName[];
  /** What lies between and is proven as well, such as a pooler. */
  readonly through?: string;
  /** What it works together with and is proven as well, such as a schema registry. */
  readonly beside?: string;
  /** The double that stands in for a server that cannot be had, in a few words for the docs. */
  readonly double?: string;
  /**
   * Each call stands alone, as over HTTP: a lost socket is no loss of the session, and the next call has a new one.
   */
  readonly stateless?: boolean;
  /**
   * Another suite shows the whole contract of this type. Here only what a version of the server can change is shown again:
   * sessions, discovery, logins and TLS; not the spec, nor what our side makes of lost, silent and slow lines.
   */
  readonly versionOnly?: boolean;
  /** For a type of files: they are in the organization's folder, so that there is no network to fail. */
  readonly local?: boolean;
  /** The field whose block says where the source is (`host`, `tls`), where that does not stand in the connection itself. */
  readonly block?: string;
  /** What this server cannot show, with the reason; the docs tell it as not proven. */
  readonly unproven?: Readonly<Partial<Record<Provable, string>>>;
  /** Makes a source on the real server, with its own account whose password is random. */
  setUp(): Promise<ContractSource>;
}

export interface ContractSource {
  /** A whole connection that works, as in a request, secrets included. */
  readonly connection: Connection;
  /** Only for a source on the network. */
  readonly network?: NetworkSource;
  /** Only for local files. */
  readonly root?: string;
  /** Names of the scopes that a full discovery finds, in any order; others may be there too. */
  readonly scopes: readonly string[];
  /** `schema.name` of datasets that it finds. */
  readonly datasets: readonly string[];
  /** Globs that leave some of `datasets`, and what they leave. */
  readonly filter: {
    readonly include: readonly string[];
    readonly exclude: readonly string[];
    readonly leaves: readonly string[];
  };
  /** Looks closely at what was found, by `schema.name`. */
  check(found: ReadonlyMap<string, Dataset>): void;
  tearDown(): Promise<void>;
}

export interface NetworkSource {
  readonly address: Address;
  /** Where the connection leads, where that only names the server of `address`, as a sentinel does. */
  readonly entry?: Address;
  /** The same source with these fields changed must fail with AUTH_FAILED; absent only with a reason in `unproven`. */
  readonly wrongPassword?: Connection;
  /** The same source with these fields changed must fail with DATABASE_NOT_FOUND; absent where there are no databases. */
  readonly wrongDatabase?: Connection;
  /** Absent only with a reason in `unproven`. */
  readonly tls?: {
    /** Where TLS is spoken; the same as `address` for servers that switch to TLS on one port. */
    readonly address: Address;
    readonly entry?: Address;
    readonly ca: string;
    readonly otherCa: string;
    /** Only where the host is not the user's choice: where the same authority vouches for another name. */
    readonly misnamed?: Address;
  };
}

/** What the parts of the suite work with, once it is set up. */
export interface Bench {
  readonly fixture: ContractFixture;
  readonly definition: Discoverable;
  readonly source: ContractSource;
  /** In front of the source's server; absent for files. */
  readonly proxy: TcpProxy | undefined;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Every secret that the suite ever sends, to look for in what comes back. */
const canaries = new Set<string>();

export function remember(...secrets: readonly string[]): void {
  for (const secret of secrets) canaries.add(secret);
}

/** The canaries that show in anything that hangs on a value: message, stack, cause, details. */
export function leaksIn(value: unknown): string[] {
  const text = inspect(value, { depth: 20, showHidden: true, maxStringLength: null, maxArrayLength: null });
  return [...canaries].filter((secret) => text.includes(secret));
}

export interface OpenOptions {
  readonly address?: Address | undefined;
  readonly root?: string | undefined;
  readonly locate?: OpenContext['locate'];
  readonly ms?: number;
  readonly onStep?: (step: OpenStep, detail: unknown) => void;
}

/** Names of the real world that a test server answers for, such as the token server of a cloud. */
const answering = new Map<string, Address>();

/** From now on the name leads to that address, wherever a connector asks where it is. */
export function answerFor(host: string, address: Address): void {
  answering.set(host, address);
}

/** Finds every address where it is written: a test has no egress policy. */
export const anywhere = (where: Address): Promise<Address> =>
  Promise.resolve(answering.get(where.host) ?? where);

/**
 * How a session is opened so that it reaches its server over `through`: the connection leads there itself, or to an entry
 * that names the server.
 *
 * @param entry where the connection leads, if not where it does without TLS.
 */
export function reaching(
  { address, entry: plain }: NetworkSource,
  through: Address,
  entry = plain,
): { readonly address: Address; readonly locate: OpenContext['locate'] } {
  if (!entry) return { address: through, locate: anywhere };
  const isServer = ({ host, port }: Address): boolean => host === address.host && port === address.port;
  return {
    address: entry,
    locate: (where) => (isServer(where) ? Promise.resolve(through) : anywhere(where)),
  };
}

/** Opens a session as the product does: checked, defaults filled in, under a deadline. */
export async function openSession(
  definition: Discoverable,
  connection: Connection,
  options: OpenOptions = {},
): Promise<Session<'discover'>> {
  const config = validateConnection(definition, connection);
  const { address, root, locate = anywhere, ms = 20_000, onStep } = options;
  const session = await withDeadline(ms, undefined, (signal) =>
    definition.open(config, {
      signal,
      locate,
      ...(address ? { address } : {}),
      ...(root === undefined ? {} : { root }),
      ...(onStep ? { done: onStep } : {}),
    }),
  );
  // Every connector so far discovers; one that does not would have no use for this suite's second half.
  return session as Session<'discover'>;
}

export const EVERYTHING: DiscoveryRequest = { include: [], exclude: [], strategy: 'aggressive' };

/** All events of a discovery, under a deadline that destroys the socket. */
export function discoverAll(
  session: Session<'discover'>,
  request: DiscoveryRequest = EVERYTHING,
  ms = 30_000,
): Promise<DiscoveryEvent[]> {
  return withDeadline(ms, undefined, async (signal) => {
    const events: DiscoveryEvent[] = [];
    for await (const event of session.discover.discover(request, signal)) events.push(event);
    return events;
  });
}

export function datasetsOf(events: readonly DiscoveryEvent[]): Map<string, Dataset> {
  const found = new Map<string, Dataset>();
  for (const event of events)
    if (event.event === 'dataset') found.set(`${event.dataset.schema}.${event.dataset.name}`, event.dataset);
  return found;
}

/** What a call rejects with, which must be an AppError without any secret. */
export async function faultOf(work: Promise<unknown>): Promise<AppError> {
  let value: unknown;
  try {
    value = await work;
  } catch (error) {
    const leaks = leaksIn(error);
    if (leaks.length > 0) throw new Error('The error holds a secret.');
    if (!(error instanceof AppError)) throw new Error(`Not an AppError: ${inspect(error)}`);
    return error;
  }
  (value as Partial<Session> | undefined)?.close?.().catch(() => undefined);
  throw new Error('It did not fail.');
}

/** The connection with other values for fields of the place: those of its block, or its own. */
export function moved(connection: Connection, block: string | undefined, fields: Connection): Connection {
  const place = block === undefined ? connection : (connection[block] as Connection);
  const changed = Object.fromEntries(
    Object.entries({ ...place, ...fields }).filter(([, value]) => value !== undefined),
  );
  return block === undefined ? changed : { ...connection, [block]: changed };
}

/** Whether the host of the place is the user's choice. */
export function choosesHost({ spec }: Discoverable, block: string | undefined): boolean {
  const { properties } = spec as { properties: Readonly<Record<string, { properties?: object }>> };
  return 'host' in (block === undefined ? properties : (properties[block]?.properties ?? {}));
}
