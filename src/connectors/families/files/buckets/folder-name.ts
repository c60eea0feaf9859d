import { placeholderOf } from '../../records/key-pattern.js';

/** The value of a column that a folder `column=value` names, as Hive and Spark write tables. */
export interface PartitionValue {
  readonly name: string;
  readonly value: string;
  readonly type: 'integer' | 'date' | 'string';
}

/** A folder as it stands in the name of a group. */
export interface FolderName {
  /** Itself, or what stands for many like it: `year=*`, `{date}`. */
  readonly shown: string;
  /** A word of its own, as opposed to what stands for many. */
  readonly isWord: boolean;
  readonly partition?: PartitionValue;
}

const HIVE = /^([A-Za-z_][A-Za-z0-9_.-]{0,127})=(.*)$/s;
/** What Hive writes for a value that is missing. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';

/** What a folder's name says. */
export function folderName(text: string): FolderName {
  const [, column, raw] = HIVE.exec(text) ?? [];
  if (column !== undefined && raw !== undefined) {
    const shown = `${column}=*`;
    const value = plain(raw);
    if (value === NO_VALUE) return { shown, isWord: false };
    return {
      shown,
      isWord: false,
      partition: { name: column, value: value.slice(0, 200), type: typeOf(value) },
    };
  }
  const placeholder = placeholderOf(text);
  return placeholder === undefined ? { shown: text, isWord: true } : { shown: placeholder, isWord: false };
}

function typeOf(value: string): PartitionValue['type'] {
  if (/^-?(0|[1-9]\d{0,17})$/.test(value) || /^0\d$/.test(value)) return 'integer';
  return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(value) ? 'date' : 'string';
}

/** Hive escapes what cannot stand in a path. */
function plain(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
