import type { ConnectorDefinition } from '../spi/index.js';

/** How a source wants its sessions. */
export interface PoolSettings {
  /** Sessions at most. */
  readonly size: number;
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
