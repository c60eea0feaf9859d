import type { NormalizedType } from '../../../spi/metadata.js';
import { SCALAR_KINDS, scalarKind, type ScalarKind } from './scalar-kind.js';

/** What a column of texts is. */
export interface ColumnType {
  readonly type: NormalizedType;
  /** The type with the form that the values have, such as `date(DD/MM/YYYY)`. */
  readonly form: string;
}

const STRING: ColumnType = { type: 'string', form: 'string' };
const simple = (type: NormalizedType): ColumnType => ({ type, form: type });
const form = (type: NormalizedType, pattern: string): ColumnType => ({ type, form: `${type}(${pattern})` });

/**
 * The type of a column is the first of these whose kinds take in all that was seen, so one value that does not fit
 * makes it a string. `needs` are kinds of which each must have been seen.
 */
const TYPES: readonly {
  readonly of: ColumnType;
  readonly takes: readonly ScalarKind[];
  readonly needs?: readonly ScalarKind[];
}[] = [
  { of: simple('integer'), takes: ['integer'] },
  { of: simple('decimal'), takes: ['integer', 'decimal'] },
  { of: simple('float'), takes: ['integer', 'decimal', 'float'] },
  {
    of: form('decimal', 'comma'),
    takes: ['integer', 'decimal_comma', 'comma_either'],
    needs: ['decimal_comma'],
  },
  { of: form('boolean', 'true/false'), takes: ['true_false'] },
  { of: form('boolean', 'yes/no'), takes: ['yes_no'] },
  // A column of one letter alone is as likely a code.
  { of: form('boolean', 't/f'), takes: ['t', 'f'], needs: ['t', 'f'] },
  { of: form('boolean', 'y/n'), takes: ['y', 'n'], needs: ['y', 'n'] },
  { of: form('date', 'YYYY-MM-DD'), takes: ['date_iso'] },
  { of: form('date', 'YYYY/MM/DD'), takes: ['date_ymd'] },
  { of: form('date', 'DD.MM.YYYY'), takes: ['date_dotted'] },
  { of: form('date', 'DD/MM/YYYY or MM/DD/YYYY'), takes: ['date_either'] },
  { of: form('date', 'DD/MM/YYYY'), takes: ['date_either', 'date_dmy'] },
  { of: form('date', 'MM/DD/YYYY'), takes: ['date_either', 'date_mdy'] },
  { of: simple('time'), takes: ['time'] },
  { of: simple('timestamp'), takes: ['timestamp', 'date_iso', 'date_ymd'], needs: ['timestamp'] },
  { of: simple('timestamp_tz'), takes: ['timestamp_tz'] },
  { of: simple('uuid'), takes: ['uuid'] },
  { of: simple('json'), takes: ['json'] },
];

const NUMBER_OF = new Map(SCALAR_KINDS.map((kind, index) => [kind, index]));
const bit = (kind: ScalarKind): number => 1 << (NUMBER_OF.get(kind) ?? 0);
const bits = (kinds: readonly ScalarKind[]): number => kinds.reduce((sum, kind) => sum | bit(kind), 0);
const MASKS = TYPES.map(({ of, takes, needs = [] }) => ({ of, takes: bits(takes), needs: bits(needs) }));
const NOTHING = bits(['blank', 'marker']);
const WITH_DIGITS = new Set<ScalarKind>(['integer', 'decimal', 'decimal_comma', 'comma_either']);
const FITS_NO_TYPE = bit('string');

/** Counts the values of one column. Constant memory. */
export class ColumnTally {
  /** Values that are neither blank nor missing. */
  filled = 0;
  /** Of these, the ones that stand for nothing unless the column is a string. */
  markers = 0;
  maxLength = 0;
  private seen = 0;
  private maxWhole = 0;
  private maxScale = 0;

  add(value: string): void {
    if (value.length > this.maxLength) this.maxLength = value.length;
    // Once it is a string, nothing can change that: the costly part is over.
    if (this.seen & FITS_NO_TYPE) {
      if (value.trim() !== '') this.filled++;
      return;
    }
    const kind = scalarKind(value);
    this.seen |= bit(kind);
    if (kind === 'blank') return;
    this.filled++;
    if (kind === 'marker') this.markers++;
    else if (WITH_DIGITS.has(kind)) this.addDigits(value.trim());
  }

  private addDigits(text: string): void {
    const signed = text.startsWith('-') || text.startsWith('+') ? 1 : 0;
    const point = text.search(/[.,]/);
    const whole = (point === -1 ? text.length : point) - signed;
    if (whole > this.maxWhole) this.maxWhole = whole;
    if (point !== -1 && text.length - point - 1 > this.maxScale) this.maxScale = text.length - point - 1;
  }

  /** What all values so far are; `unknown` where there was none. */
  get column(): ColumnType {
    return typeOf(this.seen);
  }

  /** Whether the column would stay what it is with this value in it. */
  fits(value: string): boolean {
    return typeOf(this.seen | bit(scalarKind(value))).type === this.column.type;
  }

  /** Digits of a decimal, where 38 are enough for all values. */
  get digits(): { precision: number; scale: number } | undefined {
    const precision = Math.max(1, this.maxWhole + this.maxScale);
    return precision > 38 ? undefined : { precision, scale: this.maxScale };
  }

  /** Values that stand for something, given what the column turned out to be. */
  get present(): number {
    return this.column.type === 'string' ? this.filled : this.filled - this.markers;
  }
}

/** The type of texts of these kinds. */
export function typeOfKinds(kinds: Iterable<ScalarKind>): NormalizedType {
  return typeOf(bits([...kinds])).type;
}

function typeOf(seen: number): ColumnType {
  const values = seen & ~NOTHING;
  if (values === 0) return simple('unknown');
  const hit = MASKS.find(({ takes, needs }) => (values & ~takes) === 0 && (values & needs) === needs);
  return hit?.of ?? STRING;
}
