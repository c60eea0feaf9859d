import { tlsModeOf } from '../connectors/spi/index.js';
import type { DataSourceRow } from './data-sources.store.js';
import { POOL_DEFAULTS } from './data-sources.types.js';
import type { DataSourceView } from './dto/views.dto.js';

const iso = (at: Date | null): string | null => at?.toISOString() ?? null;

/** What the API shows of a row: everything but the secrets, which the row does not hold. */
export function viewOf(row: DataSourceRow): DataSourceView {
  const filePath = row.connection.file_path;
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    type: row.type,
    category: row.category,
    connection: row.connection,
    secrets_set: row.secret_fields,
    tls_unverified: tlsModeOf(row.connection) !== 'verify_full',
    file_path: typeof filePath === 'string' ? filePath : null,
    pool: { ...POOL_DEFAULTS, max_size: row.pool.size, ...row.pool },
    discovery: { ...row.discovery, include: [...row.discovery.include], exclude: [...row.discovery.exclude] },
    health: row.health,
    tags: row.tags,
    environment: row.environment,
    location: row.location,
    owner_id: row.owner_id,
    status: row.status,
    status_reason: row.status_reason,
    status_until: iso(row.status_until),
    server: row.server,
    version: row.version,
    created_by: row.created_by,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    deleted_at: iso(row.deleted_at),
    purge_at: iso(row.purge_at),
  };
}

/** The strong entity tag of a row; it changes with everything that the view shows. See `versionOf` for its way back. */
export function etagOf({ version, revision }: Pick<DataSourceRow, 'version' | 'revision'>): string {
  return `"v${String(version)}.${String(revision)}"`;
}
