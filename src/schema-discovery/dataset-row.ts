import { hash } from 'node:crypto';
import type { Dataset, Field } from '../connectors/spi/index.js';

/** A dataset as it is stored. */
export interface DatasetRow {
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly fingerprint: string | null;
  /** Equal where nothing but row estimate and size differs. */
  readonly contentHash: string;
  readonly rowEstimate: number | null;
  readonly sizeBytes: number | null;
  /** JSON of the dataset without row estimate and size. Holds no raw control character. */
  readonly document: string;
  /** What a search looks into: lower case, without control characters. */
  readonly search: string;
}

/** Longest schema and name together in bytes: both are in an index, whose entries are limited. */
const MAX_NAME_BYTES = 2_000;
const MAX_SEARCH = 32_768;

/** `undefined` where the name is too long to be kept. */
export function toRow(dataset: Dataset, fingerprint: string | undefined): DatasetRow | undefined {
  const { row_estimate, size_bytes, ...stable } = dataset;
  const schema = storable(dataset.schema);
  const name = storable(dataset.name);
  if (Buffer.byteLength(schema) + Buffer.byteLength(name) > MAX_NAME_BYTES) return undefined;
  const document = JSON.stringify(stable);
  return {
    schema,
    name,
    kind: dataset.kind,
    fingerprint: fingerprint === undefined ? null : storable(fingerprint),
    contentHash: hash('sha256', document, 'base64url').slice(0, 22),
    rowEstimate: whole(row_estimate),
    sizeBytes: whole(size_bytes),
    document,
    search: searchText(dataset),
  };
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair in a text; the document keeps both, escaped. */
export function storable(text: string): string {
  return text.replaceAll(/[\u0000\ud800-\udfff]/gu, '\ufffd');
}

/** What a search is compared with: the same on both sides. */
export function searchable(text: string): string {
  return storable(text.toLowerCase()).replaceAll(/[\u0001-\u001f]/g, ' ');
}

function searchText({ name, comment, fields }: Dataset): string {
  const words = [name];
  if (comment !== undefined) words.push(comment);
  addFields(words, fields);
  // Never empty: an empty text would be lost on its way into the table.
  return searchable(` ${words.join(' ')}`).slice(0, MAX_SEARCH);
}

function addFields(words: string[], fields: readonly Field[]): void {
  for (const field of fields) {
    words.push(field.name);
    if (field.comment !== undefined) words.push(field.comment);
    if (field.fields) addFields(words, field.fields);
  }
}

function whole(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) || value < 0 ? null : Math.round(value);
}
