import type { Tx } from '../platform/database/database.service.js';
import type {
  DataSourceFacts,
  DiscoverySettings,
  HealthSettings,
  SourceStatus,
  StatusReason,
} from './data-sources.types.js';
import type { PoolSettings } from '../connectors/runtime/target.types.js';
import type { ServerInfo } from '../connectors/spi/index.js';

/** A row of `data_sources`. `connection` is without its secrets. */
export interface DataSourceRow {
  readonly id: string;
  readonly org_id: string;
  readonly name: string;
  readonly description: string | null;
  readonly type: string;
  readonly category: string;
  readonly connection: Record<string, unknown>;
  /** SHA-256 of the destination that the secrets are bound to. */
  readonly destination: string;
  readonly secret_fields: string[];
  readonly pool: PoolSettings;
  readonly discovery: DiscoverySettings;
  readonly health: HealthSettings;
  readonly tags: string[];
  readonly environment: string | null;
  readonly location: string | null;
  readonly owner_id: string | null;
  readonly status: SourceStatus;
  readonly status_reason: StatusReason;
  readonly status_until: Date | null;
  readonly server: ServerInfo | null;
  /** Grows with each change of the configuration. */
  readonly version: number;
  /** Grows with each change, those of the status among them. */
  readonly revision: number;
  readonly created_by: string;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly deleted_at: Date | null;
  readonly purge_at: Date | null;
}

const COLUMNS = [
  'id',
  'org_id',
  'name',
  'description',
  'type',
  'category',
  'connection',
  'destination',
  'secret_fields',
  'pool',
  'discovery',
  'health',
  'tags',
  'environment',
  'location',
  'owner_id',
  'status',
  'status_reason',
  'status_until',
  'server',
  'version',
  'revision',
  'created_by',
  'created_at',
  'updated_at',
  'deleted_at',
  'purge_at',
] as const;

/** The columns of a row, for a SELECT of ours. */
export const ROW = COLUMNS.join(', ');

export type NewRow = Omit<
  DataSourceRow,
  'version' | 'revision' | 'created_at' | 'updated_at' | 'deleted_at' | 'purge_at' | 'status_until' | 'server'
>;
export type RowChange = Partial<
  Omit<DataSourceRow, 'id' | 'org_id' | 'version' | 'revision' | 'created_at' | 'updated_at'>
>;

/** Statement and parameters of one row in one organization; `organization` is checked again beside row-level security. */
export const FIND = `SELECT ${ROW} FROM data_sources WHERE org_id = $1 AND id = $2`;

/** Locks the row for a change; nothing where it does not exist in the organization. */
export async function lockRow(tx: Tx, orgId: string, id: string): Promise<DataSourceRow | undefined> {
  const [row] = await tx.query<DataSourceRow[]>(`${FIND} FOR UPDATE`, [orgId, id]);
  return row;
}

export async function insertRow(tx: Tx, row: NewRow): Promise<DataSourceRow> {
  const names = Object.keys(row);
  const places = names.map((_, i) => `$${String(i + 1)}`);
  const [inserted] = await tx.query<[DataSourceRow]>(
    `INSERT INTO data_sources (${names.join(', ')}) VALUES (${places.join(', ')}) RETURNING ${ROW}`,
    Object.values(row),
  );
  return inserted;
}

/**
 * Columns that say how a source does, not what it is. The product moves them by itself, so a change of these alone leaves
 * the version as it is: whoever edits the configuration meanwhile has missed nothing.
 */
const STATE_COLUMNS: ReadonlySet<string> = new Set<keyof RowChange>([
  'status',
  'status_reason',
  'status_until',
  'server',
  'deleted_at',
  'purge_at',
]);

/** Changes a row that is locked. The revision goes up by one; the version with it where the configuration changed. */
export async function updateRow(tx: Tx, row: DataSourceRow, change: RowChange): Promise<DataSourceRow> {
  const names = Object.keys(change);
  const sets = names.map((name, i) => `${name} = $${String(i + 3)}`);
  if (names.some((name) => !STATE_COLUMNS.has(name))) sets.push('version = version + 1');
  const [[updated]] = await tx.query<[[DataSourceRow], number]>(
    `UPDATE data_sources SET ${[...sets, 'revision = revision + 1', 'updated_at = now()'].join(', ')}
     WHERE org_id = $1 AND id = $2 RETURNING ${ROW}`,
    [row.org_id, row.id, ...Object.values(change)],
  );
  return updated;
}

/** Whether a person has paused the source. */
export function isPaused({ status_reason: reason }: DataSourceRow): boolean {
  return reason.code === 'PAUSED';
}

/** Whether a person has paused the source or put it into maintenance: the product leaves it alone until it is resumed. */
export function rests(row: DataSourceRow): boolean {
  return isPaused(row) || row.status === 'maintenance';
}

export function factsOf(row: DataSourceRow): DataSourceFacts {
  return {
    orgId: row.org_id,
    id: row.id,
    name: row.name,
    type: row.type,
    category: row.category,
    status: row.status,
    reason: row.status_reason,
    paused: isPaused(row),
    version: row.version,
    revision: row.revision,
    destination: row.destination,
    pool: row.pool,
    discovery: row.discovery,
    health: row.health,
    updatedAt: row.updated_at,
  };
}
