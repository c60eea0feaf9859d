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
  /** JSON of the dataset without row estimate and size, in UTF-8. Holds no raw control character. */
  readonly document: Buffer;
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
  // Encoded once: for the hash, and for the way to the table.
  const document = Buffer.from(JSON.stringify(stable));
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

const UNSTORABLE = /[\u0000\ud800-\udfff]/;
const UNSEARCHABLE = /[\u0000-\u001f\ud800-\udfff]/;

/** PostgreSQL keeps neither NUL nor half a surrogate pair in a text; the document keeps both, escaped. */
export function storable(text: string): string {
  return UNSTORABLE.test(text) ? text.replaceAll(/[\u0000\ud800-\udfff]/gu, '\ufffd') : text;
}

/** What a search is compared with: the same on both sides. */
export function searchable(text: string): string {
  const lower = text.toLowerCase();
  return UNSEARCHABLE.test(lower) ? storable(lower).replaceAll(/[\u0001-\u001f]/g, ' ') : lower;
}

function searchText({ name, comment, fields }: Dataset): string {
  // Never empty: an empty text would be lost on its way into the table.
  let words = ` ${name}`;
  if (comment !== undefined) words += ` ${comment}`;
  return searchable(words + wordsOf(fields)).slice(0, MAX_SEARCH);
}

function wordsOf(fields: readonly Field[]): string {
  let words = '';
  for (const { name, comment, fields: inner } of fields) {
    words += ` ${name}`;
    if (comment !== undefined) words += ` ${comment}`;
    if (inner) words += wordsOf(inner);
  }
  return words;
}

function whole(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) || value < 0 ? null : Math.round(value);
}
