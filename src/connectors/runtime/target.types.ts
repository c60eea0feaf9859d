import type { ConnectorDefinition } from '../spi/index.js';

/** How a source wants its sessions. */
export interface PoolSettings {
  /** Sessions at most, unless `max_size` allows more. */
  readonly size: number;
  /** Sessions that stay open when nobody uses them; none unless told. */
  readonly min_size?: number;
  /** As far as the pool grows by itself while callers wait; the size unless told. */
  readonly max_size?: number;
  /** Milliseconds after which a session is replaced; half an hour unless told. */
  readonly max_lifetime_ms?: number;
  readonly connect_timeout_ms: number;
  readonly query_timeout_ms: number;
  /** Further tries where a connection is refused. */
  readonly max_retries: number;
}

/** A connection with its secrets, ready to be dialled. It never leaves the process. */
export interface Target {
  readonly orgId: string;
  readonly definition: ConnectorDefinition;
  readonly config: Record<string, unknown>;
  readonly pool: PoolSettings;
}
