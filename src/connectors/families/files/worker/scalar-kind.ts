/**
 * What a text is, on its own. Exact rules, no locale, no guess:
 *
 * - surrounding blanks do not count; a text of blanks is `blank`; NULL, null, \N, NA, N/A, n/a and None are `marker`
 * - integer: sign and digits within 64 bits; decimal: with a point, or more digits, up to 38; float: with an exponent,
 *   NaN, Inf, Infinity. A leading zero (`007`) makes a code of it, not a number
 * - decimal_comma: the same with a comma; comma_either: like `1,234`, which may be a thousand
 * - true/false, t/f, yes/no and y/n are four families of booleans that do not mix; case does not count
 * - dates: YYYY-MM-DD, YYYY/MM/DD, DD.MM.YYYY, DD/MM/YYYY, MM/DD/YYYY, days of the month checked
 * - time: HH:MM, HH:MM:SS with a fraction; timestamp: a year-first date, `T` or a blank, a time; timestamp_tz: the same
 *   with `Z`, ` UTC` or an offset
 * - uuid: 8-4-4-4-12 hexadecimal digits; json: an object or array that parses
 * - all else is string
 */
export const SCALAR_KINDS = [
  'blank',
  'marker',
  'integer',
  'decimal',
  'float',
  'decimal_comma',
  'comma_either',
  'true_false',
  't',
  'f',
  'yes_no',
  'y',
  'n',
  'date_iso',
  'date_ymd',
  'date_dotted',
  'date_dmy',
  'date_mdy',
  'date_either',
  'time',
  'timestamp',
  'timestamp_tz',
  'uuid',
  'json',
  'string',
] as const;
export type ScalarKind = (typeof SCALAR_KINDS)[number];

const WORDS = new Map<string, ScalarKind>([
  ...['NULL', 'null', '\\N', 'NA', 'N/A', 'n/a', 'None'].map((word) => [word, 'marker'] as const),
  ...['true', 'True', 'TRUE', 'false', 'False', 'FALSE'].map((word) => [word, 'true_false'] as const),
  ...['yes', 'Yes', 'YES', 'no', 'No', 'NO'].map((word) => [word, 'yes_no'] as const),
  ...(['t', 'f', 'y', 'n'] as const).flatMap((word) => [
    [word, word] as const,
    [word.toUpperCase(), word] as const,
  ]),
  ...['NaN', 'nan', 'Inf', 'inf', 'Infinity', '-Inf', '-inf', '-Infinity'].map(
    (word) => [word, 'float'] as const,
  ),
]);
const LONGEST_WORD = 9;

const INTEGER = /^[+-]?(?:0|[1-9]\d*)$/;
const DECIMAL = /^[+-]?(?:0|[1-9]\d*)?\.\d+$/;
const COMMA = /^[+-]?(?:0|[1-9]\d*),\d+$/;
const THOUSANDS = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const FLOAT = /^[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?[eE][+-]?\d{1,4}$/;
const DATE = /^(\d{4})([-/])(\d\d)\2(\d\d)$/;
const DAY_FIRST = /^(\d\d?)([./])(\d\d?)\2(\d{4})$/;
const TIME = /^([01]\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:[.,]\d{1,9})?)?$/;
const ZONE = /(?:Z| ?UTC| ?[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const MAX_DIGITS = 38;
const MAX_JSON = 65_536;
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const SAFE_DIGITS = 18;

/** Judges one text. Time is in proportion to its length, and none but JSON is looked at beyond 64 characters. */
export function scalarKind(raw: string): ScalarKind {
  const text = raw.trim();
  if (text === '') return 'blank';
  const first = text.charCodeAt(0);
  if (first === 0x7b || first === 0x5b) return isJson(text) ? 'json' : 'string';
  if (text.length > 64) return 'string';
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word) return word;
  }
  const digit = first >= 0x30 && first <= 0x39;
  if (digit || first === 0x2b || first === 0x2d || first === 0x2e) {
    const kind = numberKind(text) ?? (digit ? temporalKind(text) : undefined);
    if (kind) return kind;
  }
  return text.length === 36 && UUID.test(text) ? 'uuid' : 'string';
}

function numberKind(text: string): ScalarKind | undefined {
  if (INTEGER.test(text)) {
    if (text.length <= SAFE_DIGITS) return 'integer';
    const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (value >= INT64.min && value <= INT64.max) return 'integer';
    return fewDigits(text) ? 'decimal' : undefined;
  }
  if (DECIMAL.test(text)) return fewDigits(text) ? 'decimal' : 'float';
  if (COMMA.test(text)) {
    if (!fewDigits(text)) return undefined;
    return THOUSANDS.test(text) ? 'comma_either' : 'decimal_comma';
  }
  return FLOAT.test(text) && /\d/.test(text.slice(0, text.search(/e/i))) ? 'float' : undefined;
}

const fewDigits = (text: string): boolean =>
  text.length <= MAX_DIGITS || text.replaceAll(/\D/g, '').length <= MAX_DIGITS;

/** A date, a time or both; undefined where the text is none. */
export function temporalKind(text: string): ScalarKind | undefined {
  const { length } = text;
  if (length < 5 || length > 48) return undefined;
  if (text.charCodeAt(2) === 0x3a) return TIME.test(text) ? 'time' : undefined;
  if (length <= 10) return dateKind(text);
  const separator = text.charCodeAt(10);
  if (separator !== 0x54 && separator !== 0x74 && separator !== 0x20) return undefined;
  const date = DATE.exec(text.slice(0, 10));
  if (!date || !isDay(date[1], date[3], date[4])) return undefined;
  const clock = text.slice(11);
  if (TIME.test(clock)) return 'timestamp';
  const zone = ZONE.exec(clock);
  return zone && TIME.test(clock.slice(0, zone.index)) ? 'timestamp_tz' : undefined;
}

function dateKind(text: string): ScalarKind | undefined {
  const yearFirst = DATE.exec(text);
  if (yearFirst) {
    if (!isDay(yearFirst[1], yearFirst[3], yearFirst[4])) return undefined;
    return yearFirst[2] === '-' ? 'date_iso' : 'date_ymd';
  }
  const yearLast = DAY_FIRST.exec(text);
  if (!yearLast) return undefined;
  const [, one, separator, two, year] = yearLast;
  const dayFirst = isDay(year, two, one);
  if (separator === '.') return dayFirst ? 'date_dotted' : undefined;
  const monthFirst = isDay(year, one, two);
  if (dayFirst) return monthFirst ? 'date_either' : 'date_dmy';
  return monthFirst ? 'date_mdy' : undefined;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay(
  yearText: string | undefined,
  monthText: string | undefined,
  dayText: string | undefined,
): boolean {
  const year = Number(yearText);
  const month = Number(monthText);
  const day = Number(dayText);
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + (leap ? 1 : 0);
}

function isJson(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  if ((last !== 0x7d && last !== 0x5d) || text.length > MAX_JSON) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
