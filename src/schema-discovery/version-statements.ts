import type { Tx } from '../platform/database/database.service.js';
import type { Attempt } from './attempt.js';
import type { DatasetRow } from './dataset-row.js';

/** A version is in snapshot `$n` when it opened before and is not closed by then. */
export const visibleAt = (parameter: string): string =>
  `valid_from <= ${parameter} AND (valid_to IS NULL OR valid_to > ${parameter})`;

/** Separates documents in one parameter: an array of them would be escaped item by item, at four times the cost. */
const UNIT = Buffer.from('\u001f');
const schemas = (rows: readonly DatasetRow[]): string[] => rows.map(({ schema }) => schema);
const names = (rows: readonly DatasetRow[]): string[] => rows.map(({ name }) => name);

/** Opens versions with the attempt's snapshot. */
export async function openRows(
  tx: Tx,
  { job, dataSourceId, seq }: Attempt,
  rows: readonly DatasetRow[],
): Promise<void> {
  await tx.query(
    `INSERT INTO dataset_versions (data_source_id, org_id, valid_from, schema_name, name, kind, fingerprint,
       content_hash, row_estimate, size_bytes, document, search)
     SELECT $1, $2, $3, u.* FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
       $10::bigint[], string_to_array($11::text, E'\\x1f'), string_to_array($12, E'\\x1f')) u`,
    [
      dataSourceId,
      job.orgId,
      seq,
      schemas(rows),
      names(rows),
      rows.map(({ kind }) => kind),
      rows.map(({ fingerprint }) => fingerprint),
      rows.map(({ contentHash }) => contentHash),
      rows.map(({ rowEstimate }) => rowEstimate),
      rows.map(({ sizeBytes }) => sizeBytes),
      Buffer.concat(rows.flatMap(({ document }, at) => (at === 0 ? [document] : [UNIT, document]))),
      rows.map(({ search }) => search).join('\u001f'),
    ],
  );
}

/** Ends the served versions of datasets with the attempt's snapshot. */
export async function closeRows(tx: Tx, attempt: Attempt, rows: readonly DatasetRow[]): Promise<void> {
  await tx.query(
    `UPDATE dataset_versions d SET valid_to = $4 FROM unnest($2::text[], $3::text[]) k(schema_name, name)
     WHERE d.data_source_id = $1 AND d.schema_name = k.schema_name AND d.name = k.name AND ${visibleAt('$5')}`,
    [attempt.dataSourceId, schemas(rows), names(rows), attempt.seq, attempt.base?.seq],
  );
}

/** In place: the facts are the same, so whoever reads the served snapshot may have them at once. */
export async function renewRows(tx: Tx, attempt: Attempt, rows: readonly DatasetRow[]): Promise<void> {
  await tx.query(
    `UPDATE dataset_versions d SET fingerprint = k.fingerprint, row_estimate = k.row_estimate, size_bytes = k.size_bytes
     FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
       k(schema_name, name, fingerprint, row_estimate, size_bytes)
     WHERE d.data_source_id = $1 AND d.schema_name = k.schema_name AND d.name = k.name AND ${visibleAt('$7')}`,
    [
      attempt.dataSourceId,
      schemas(rows),
      names(rows),
      rows.map(({ fingerprint }) => fingerprint),
      rows.map(({ rowEstimate }) => rowEstimate),
      rows.map(({ sizeBytes }) => sizeBytes),
      attempt.base?.seq,
    ],
  );
}
