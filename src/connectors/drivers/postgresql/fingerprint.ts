/** Counts and sums over the versions of the rows that the facts of a relation come from. */
export interface Versions {
  columns: number;
  columnVersions: number;
  /** Sum of the stamps of its columns' types. */
  types: number;
  constraints: number;
  constraintVersions: number;
  /** What its foreign keys refer to, one after the other by the name of the key. */
  references: string;
  /** Two rows each: of the index and of its name. */
  indexRows: number;
  indexVersions: number;
  comments: number;
  commentVersions: number;
}

/**
 * The state of a relation as a short text. A change writes a new version of a row, with a transaction id above earlier
 * ones: at the same count the sum of the versions is another one, and else the count is.
 *
 * @param stamp of the relation's own row, see `STAMP`.
 */
export function fingerprintOf(stamp: string, versions: Versions): string {
  const parts = [
    versions.columns,
    wrap(versions.columnVersions),
    versions.types,
    versions.constraints,
    wrap(versions.constraintVersions),
    hashOf(versions.references),
    versions.indexRows,
    wrap(versions.indexVersions),
    versions.comments,
    wrap(versions.commentVersions),
  ];
  return `${stamp}:${parts.map((part) => part.toString(36)).join('.')}`;
}

const TRANSACTION_IDS = 2 ** 32;

/** The sum of the versions of rows whose ages are known, counted back from `now`. */
export function sumOfVersions(rows: number, ages: number, now: number): number {
  return rows * now - ages;
}

/** Transaction ids go round, and so do sums of them. */
function wrap(sum: number): number {
  return ((sum % TRANSACTION_IDS) + TRANSACTION_IDS) % TRANSACTION_IDS;
}

/** FNV-1a over UTF-16. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
