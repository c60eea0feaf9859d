import { storableName } from '../text-encoding.js';
import { scalarKind, type ScalarKind } from '../scalar-kind.js';
import type { ColumnTally } from '../column-tally.js';
import { CAPS } from '../../analysis.js';

/** Kinds that a column name may well have: an empty one, a word, one letter. */
const NAME_KINDS: ReadonlySet<ScalarKind> = new Set([
  'blank',
  'marker',
  'string',
  't',
  'f',
  'y',
  'n',
  'json',
]);

/**
 * Whether the first record names the columns. Yes where a column of numbers, dates or the like begins with something
 * else; otherwise no where any of it is a number, date or the like; otherwise yes.
 *
 * @param columns what follows the first record.
 */
export function hasHeader(first: readonly string[], columns: readonly ColumnTally[]): boolean {
  const stands = columns.some((column, index) => {
    const { type } = column.column;
    const cell = first[index];
    return cell !== undefined && type !== 'string' && type !== 'unknown' && !column.fits(cell);
  });
  return stands || first.every((cell) => NAME_KINDS.has(scalarKind(cell)));
}

/**
 * Unique names for `count` columns: those of the header as they are; `column_<n>` for one that is empty or missing;
 * `<name>_2`, `<name>_3` … for one that is there already, passing over what the header itself uses.
 */
export function columnNames(header: readonly string[], count: number): string[] {
  const wanted = Array.from({ length: count }, (_, index) =>
    storableName(header[index] ?? '', CAPS.nameLength),
  );
  const reserved = new Set(wanted);
  const given = new Set<string>();
  const next = new Map<string, number>();
  return wanted.map((name, index) => {
    const base = name.trim() === '' ? `column_${index + 1}` : name;
    let unique = base;
    // A name keeps its own spelling the first time; a made one must not take that of another column.
    if (given.has(base) || (base !== name && reserved.has(base))) {
      let number = next.get(base) ?? 2;
      do unique = `${base}_${number++}`;
      while (given.has(unique) || reserved.has(unique));
      next.set(base, number);
    }
    given.add(unique);
    return unique;
  });
}
