import { AppError } from '../common/app-error.js';
import type { PoolSettings } from '../connectors/runtime/target.types.js';
import type { ConnectorDefinition } from '../connectors/spi/index.js';
import { violates } from '../platform/database/database-error.js';

/** What a request may say about the file of a source. */
interface FileFields {
  readonly file_path?: string | null;
  readonly storage_file_id?: string | null;
}

/**
 * The connection of a request with `file_path` (or the deprecated `storage_file_id`) put where file-based types keep it.
 *
 * @throws AppError VALIDATION_FAILED where both are sent, or where the type has no file.
 */
export function withFilePath(
  definition: ConnectorDefinition,
  connection: Record<string, unknown> | undefined,
  { file_path: filePath, storage_file_id: fileId }: FileFields,
): Record<string, unknown> | undefined {
  if (filePath != null && fileId != null)
    throw AppError.invalid(
      '/storage_file_id',
      'Send file_path alone; storage_file_id is deprecated.',
      'exclusive',
    );
  const path = filePath ?? fileId;
  if (path == null) return connection;
  const pointer = filePath == null ? '/storage_file_id' : '/file_path';
  if (definition.category !== 'file')
    throw AppError.invalid(pointer, `A source of type ${definition.type} has no file.`, 'not_file_based');
  const own = connection?.file_path;
  if (own !== undefined && own !== path)
    throw AppError.invalid(pointer, 'It differs from connection.file_path; send one of them.', 'exclusive');
  return { ...connection, file_path: path };
}

/** Fields of a request that change, with undefined ones left out. */
export function given<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * Pool settings with those of a request over them.
 *
 * @throws AppError VALIDATION_FAILED where the least, the usual and the greatest size contradict each other.
 */
export function withPool(settings: PoolSettings, request: Partial<PoolSettings> = {}): PoolSettings {
  const pool = { ...settings, ...given(request) };
  if ((pool.min_size ?? 0) > pool.size)
    throw AppError.invalid('/pool/min_size', 'min_size must not be more than size.', 'range');
  if ((pool.max_size ?? pool.size) < pool.size)
    throw AppError.invalid('/pool/max_size', 'max_size must not be less than size.', 'range');
  return pool;
}

/** Runs a change and turns the unique index on names into a refusal of the field. */
export async function refuseTakenName<T>(change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!violates(error, 'data_sources_name')) throw error;
    const detail = 'A data source of this name exists already.';
    throw new AppError('CONFLICT', detail, { errors: [{ pointer: '/name', code: 'unique', detail }] });
  }
}
