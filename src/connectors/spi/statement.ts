import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';

/** What the product asks a source for. Closed words of ours: they stand in comments that the source sees. */
export const PURPOSES = ['test', 'health', 'discovery', 'file', 'read'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** What a statement looks like without its values. */
export interface Shape {
  /** Equal for statements that differ in values and quoted names only; 16 hex digits. */
  readonly fingerprint: string;
  /** The first 120 characters, values replaced by `?`. */
  readonly text: string;
}

/** What came back for one statement, where the driver knows. */
export interface Yield {
  readonly rows?: number;
  /** As they came over the line; near it where answers travel together. */
  readonly bytes?: number;
}

/** One statement that a source has answered or refused. */
export interface StatementRecord extends Required<Yield>, Shape {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly ms: number;
  readonly outcome: 'ok' | 'failed';
}

/** For what and for whom statements run. It belongs to the call, not to the session, which callers may share. */
export interface Errand {
  readonly purpose: Purpose;
  /** A user, or `system:` and a job. */
  readonly by: string;
  /** Is told of each statement; absent where nobody counts, as for a source that is not saved. */
  readonly note?: (record: StatementRecord) => void;
}

const SHOWN = 120;
/** Longer statements are told apart by their beginnings. */
const READ = 8_192;
const KEPT = 1_000;
const NO_YIELD: Yield = {};

const errands = new AsyncLocalStorage<Errand>();
const shapes = new Map<string, Shape>();

/** Runs `work`; statements that it leads to are counted for the errand. */
export function onErrand<T>(errand: Errand, work: () => Promise<T>): Promise<T> {
  return errands.run(errand, work);
}

/** The SQL text with the purpose in a comment before it; as it is where it runs for nobody. */
export function tagged(sql: string): string {
  const errand = errands.getStore();
  return errand ? `/* datawave:purpose=${errand.purpose} */ ${sql}` : sql;
}

/** A name that is used for one text only: `tagged` gives one text for each purpose. */
export function taggedName(name: string): string {
  const errand = errands.getStore();
  return errand ? `${name}_${errand.purpose}` : name;
}

/**
 * Runs one statement and counts it, whether it succeeds or not. A driver calls it around whatever makes one request to
 * the source.
 *
 * @param statement SQL, or the name of the request; its values are never kept.
 * @param measure is asked as soon as the answer is complete.
 */
export async function counted<T>(
  statement: string,
  run: () => Promise<T>,
  measure?: (answer: T) => Yield,
): Promise<T> {
  const errand = errands.getStore();
  if (!errand?.note) return run();
  const began = performance.now();
  let outcome: StatementRecord['outcome'] = 'failed';
  let known = NO_YIELD;
  try {
    const answer = await run();
    outcome = 'ok';
    if (measure) known = measure(answer);
    return answer;
  } finally {
    const ms = performance.now() - began;
    const { rows = 0, bytes = 0 } = known;
    const { fingerprint, text } = shapeOf(statement);
    errand.note({ at: Date.now(), ms, rows, bytes, outcome, fingerprint, text });
  }
}

/** The shape of a statement: strings, quoted names and numbers become `?`, lists of them one. */
export function shapeOf(statement: string): Shape {
  let shape = shapes.get(statement);
  if (!shape) {
    const folded = fold(statement.slice(0, READ));
    shape = {
      fingerprint: createHash('sha256').update(folded).digest('hex').slice(0, 16),
      text: folded.slice(0, SHOWN),
    };
    if (shapes.size >= KEPT) shapes.clear();
    shapes.set(statement, shape);
  }
  return shape;
}

// The end of the text ends what is open: a value that was cut off is a value still.
const VALUES = new RegExp(
  [
    String.raw`(?<comment>\/\*[^]*?(?:\*\/|$)|--[^\n]*)`,
    String.raw`\$(?<tag>[A-Za-z_]*)\$[^]*?(?:\$\k<tag>\$|$)`,
    String.raw`'(?:[^'\\]|''|\\[^])*(?:'|\\?$)`,
    String.raw`"(?:[^"]|"")*(?:"|$)`,
    '`[^`]*(?:`|$)',
    String.raw`(?<![\w$@:])\d[\w.]*`,
  ].join('|'),
  'g',
);

function fold(text: string): string {
  return text
    .replace(VALUES, (_, comment: string | undefined) => (comment === undefined ? '?' : ' '))
    .replace(/\(\s*(?:\?|\$\d+)(?:\s*,\s*(?:\?|\$\d+))+\s*\)/g, '(?, …)')
    .replace(/\s+/g, ' ')
    .trim();
}
