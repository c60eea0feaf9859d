import type { Field, NormalizedType } from '../../../spi/metadata.js';
import { CAPS } from '../analysis.js';
import { storableName } from './text-encoding.js';

/** What a column is, before it has its place among the others. */
export interface TypeFacts {
  readonly native: string;
  readonly type: NormalizedType;
  readonly precision?: number | undefined;
  readonly scale?: number | undefined;
  readonly maxLength?: number | undefined;
  readonly values?: readonly string[] | undefined;
  /** Of an object, or of the items of an array. */
  readonly fields?: readonly Field[] | undefined;
}

export interface ColumnFacts {
  readonly name: string;
  readonly nullable: boolean;
  /** Made when its turn comes, so that what the caps leave out is never worked on. */
  readonly type: () => TypeFacts;
  readonly comment?: string | undefined;
  readonly default?: string | undefined;
  readonly generated?: string | undefined;
}

const MAX_NATIVE = 255;
const MAX_TEXT = 4_000;

/** Lists declared columns within the caps: so many fields at all levels, names that can be stored and do not meet. */
export class FieldLister {
  /** There were more fields than the caps allow. */
  truncated = false;
  private left: number = CAPS.fields;
  private depth = 0;

  list(columns: readonly ColumnFacts[]): Field[] {
    this.depth++;
    const fields: Field[] = [];
    // Levels below are left out, not counted as missing: the type of the column tells that they are there.
    if (this.depth <= CAPS.fieldDepth) {
      const taken = new Set<string>();
      for (const column of columns) {
        if (this.left <= 0) {
          this.truncated = true;
          break;
        }
        this.left--;
        fields.push(this.field(column, fields.length + 1, taken));
      }
    }
    this.depth--;
    return fields;
  }

  private field(column: ColumnFacts, ordinal: number, taken: Set<string>): Field {
    const { native, type, precision, scale, maxLength, values, fields } = column.type();
    return {
      name: uniqueName(column.name, ordinal, taken),
      ordinal,
      native_type: storableName(native, MAX_NATIVE) || type,
      type,
      nullable: column.nullable,
      ...(column.default === undefined ? {} : { default: storableName(column.default, MAX_TEXT) }),
      ...(column.generated === undefined ? {} : { generated: storableName(column.generated, MAX_TEXT) }),
      ...(column.comment === undefined ? {} : { comment: storableName(column.comment, MAX_TEXT) }),
      // Damaged bytes may give numbers of any size and kind.
      ...(isCount(maxLength) ? { max_length: maxLength } : {}),
      ...(isCount(precision) ? { precision } : {}),
      ...(isCount(scale) ? { scale } : {}),
      ...(values === undefined ? {} : { values }),
      ...(fields === undefined || fields.length === 0 ? {} : { fields }),
    };
  }
}

const isCount = (value: number | undefined): value is number => Number.isSafeInteger(value);

/** Only what is cut, replaced, empty or damaged can meet another name. */
function uniqueName(wanted: string, ordinal: number, taken: Set<string>): string {
  const base = storableName(wanted, CAPS.nameLength) || `column_${ordinal}`;
  let name = base;
  for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
  taken.add(name);
  return name;
}

/** The reason for a dataset whose fields are not all listed. */
export const tooManyFields = (lister: FieldLister) =>
  lister.truncated
    ? { partial: `There are more than ${String(CAPS.fields)} fields; the first are listed.` }
    : {};
