import type { ErrorCode } from '../common/app-error.js';
import type { PoolSettings } from '../connectors/runtime/target.types.js';
import type { DiscoveryStrategy } from '../connectors/spi/index.js';

export const SOURCE_STATUSES = ['testing', 'active', 'inactive', 'failed', 'maintenance'] as const;
export type SourceStatus = (typeof SOURCE_STATUSES)[number];

export interface SourceRef {
  readonly orgId: string;
  readonly dataSourceId: string;
}

export interface DiscoverySettings {
  readonly auto_refresh: boolean;
  readonly interval_s: number;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly strategy: DiscoveryStrategy;
}

export interface HealthSettings {
  readonly interval_s: number;
  readonly timeout_ms: number;
  readonly unhealthy_threshold: number;
  readonly healthy_threshold: number;
}

/** Why a source has its status. `PAUSED` and `MAINTENANCE` come from people, `NEW`, `CHANGED` and `DELETED` from the product. */
export interface StatusReason {
  readonly code: ErrorCode | 'PAUSED' | 'MAINTENANCE' | 'NEW' | 'CHANGED' | 'DELETED' | 'RETRY' | 'OK';
  readonly message: string;
  readonly user_action: boolean;
  readonly since: string;
}

/** What other modules may know of a source: no configuration and no secret. */
export interface DataSourceFacts {
  readonly orgId: string;
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly category: string;
  readonly status: SourceStatus;
  readonly reason: StatusReason;
  /** Somebody paused it: it is not probed and not worked on. */
  readonly paused: boolean;
  /** Grows with each change of the configuration. */
  readonly version: number;
  /** Grows with each change, those of the status among them. */
  readonly revision: number;
  /** Equal as long as it is the same place and the same login: a fingerprint, not the address. */
  readonly destination: string;
  readonly pool: PoolSettings;
  readonly discovery: DiscoverySettings;
  readonly health: HealthSettings;
  readonly updatedAt: Date;
}

/** What health or a test concluded about a source. */
export interface Verdict {
  readonly outcome: 'healthy' | 'unreachable' | 'misconfigured';
  readonly code?: ErrorCode;
  readonly message?: string;
}

export const POOL_DEFAULTS = {
  size: 5,
  min_size: 0,
  max_lifetime_ms: 1_800_000,
  connect_timeout_ms: 30_000,
  query_timeout_ms: 300_000,
  max_retries: 3,
} satisfies PoolSettings;
export const DISCOVERY_DEFAULTS: DiscoverySettings = {
  auto_refresh: true,
  interval_s: 3_600,
  include: [],
  exclude: [],
  strategy: 'balanced',
};
export const HEALTH_DEFAULTS: HealthSettings = {
  interval_s: 60,
  timeout_ms: 10_000,
  unhealthy_threshold: 3,
  healthy_threshold: 2,
};
