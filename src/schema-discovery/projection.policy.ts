import { AppError } from '../common/app-error.js';

/** The parts of a dataset that a reader may ask for; the schema and the name are always there. */
export const DATASET_PARTS = [
  'kind',
  'comment',
  'fields',
  'primary_key',
  'unique_keys',
  'foreign_keys',
  'checks',
  'indexes',
  'partition_of',
  'partitioning',
  'definition',
  'row_estimate',
  'size_bytes',
  'properties',
] as const;
export type DatasetPart = (typeof DATASET_PARTS)[number];

/** What `projection` takes, for who wrote something else. */
export const PROJECTION_FORM = `a list of ${DATASET_PARTS.join(', ')}: the wanted ones, or each with a minus in front`;

/** Parts that are stored beside the document, so that it does not have to be opened. */
const BESIDE: readonly string[] = ['kind', 'row_estimate', 'size_bytes'];

/** Which parts to give; `undefined` stands for all of them. */
export type Projection = ReadonlySet<DatasetPart> | undefined;

/**
 * Reads `kind,comment` (only these) or `-fields,-indexes` (all but these).
 *
 * @throws AppError VALIDATION_FAILED for anything else.
 */
export function projection(text: string | undefined): Projection {
  if (text === undefined) return undefined;
  const words = text.split(',').filter((word) => word !== 'name' && word !== 'schema');
  const without = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  const named = without.length > 0 ? without : words;
  if ((without.length > 0 && without.length !== words.length) || !named.every(isPart)) {
    throw AppError.invalidParameter('fields', `It must be ${PROJECTION_FORM}.`, 'fields');
  }
  const listed = new Set<DatasetPart>(named.filter(isPart));
  return without.length > 0 ? new Set(DATASET_PARTS.filter((part) => !listed.has(part))) : listed;
}

/** Whether the stored document has to be read for it. */
export function needsDocument(parts: Projection): boolean {
  return parts === undefined || [...parts].some((part) => !BESIDE.includes(part));
}

function isPart(word: string): word is DatasetPart {
  return (DATASET_PARTS as readonly string[]).includes(word);
}
