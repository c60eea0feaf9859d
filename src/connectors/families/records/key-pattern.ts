/** Placeholders for the parts of a key that differ from record to record; the first that fits a segment wins. */
const VARIABLE_PARTS: readonly (readonly [RegExp, string])[] = [
  [/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, '{uuid}'],
  [/^\d{8}T\d{4}(\d{2}(\.\d{1,9})?)?(Z|[+-]\d{4})?$/, '{timestamp}'],
  [/^(19|20)\d{2}[-_]?(0[1-9]|1[0-2])[-_]?(0[1-9]|[12]\d|3[01])$/, '{date}'],
  [/^(19|20)\d{2}[-_](0[1-9]|1[0-2])$/, '{month}'],
  [/^[+-]?\d{1,40}$/, '{id}'],
  [/^\d{1,3}(\.\d{1,3}){3}$/, '{ip}'],
  [/^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{1,63}$/, '{email}'],
  [/^(?=.*\d)[0-9a-f]{16,}$/i, '{hash}'],
  [/^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_=-]{20,}$/, '{token}'],
];

/** What stands for words that turned out to be values. */
export const ANY_NAME = '{name}';
const REST = '{rest}';
const TIMESTAMP = '{timestamp}';
/** The form with colons, which must be found before the key is split at them. */
const TIMESTAMPS = /\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?/g;

const PLACEHOLDERS: ReadonlySet<string> = new Set([
  ...VARIABLE_PARTS.map(([, name]) => name),
  ANY_NAME,
  REST,
]);

const MAX_LENGTH = 1_024;
const MAX_SEGMENTS = 12;
const MAX_SEGMENT_LENGTH = 100;

/** Whether a part is a word of its own, as opposed to a separator or a placeholder. */
export function isWord(part: string): boolean {
  return !/^[:/|]$/.test(part) && !PLACEHOLDERS.has(part);
}

/**
 * Splits a key into its segments and separators, variable segments replaced by placeholders: `user:42:cart` becomes
 * `user`, `:`, `{id}`, `:`, `cart`. Of a very long key only the first segments are looked at.
 */
export function keySegments(key: string): string[] {
  const parts = key
    .slice(0, MAX_LENGTH)
    .replace(TIMESTAMPS, TIMESTAMP)
    .split(/([:/|])/);
  const shown = parts.slice(0, MAX_SEGMENTS * 2 - 1).map((part, at) => (at % 2 === 1 ? part : segment(part)));
  return parts.length > shown.length ? [...shown, REST] : shown;
}

function segment(text: string): string {
  if (text === TIMESTAMP) return text;
  // `{user1000}` is a hash tag of Redis Cluster; without its braces it cannot be taken for a placeholder.
  const plain = /^\{.*\}$/.test(text) ? text.slice(1, -1) : text;
  // `order-2041`, `user_7`, `app.user.42`: a name with a number behind it.
  return (
    placeholderOf(plain) ??
    plain.slice(0, MAX_SEGMENT_LENGTH).replace(/^([A-Za-z](?:[\w.#-]*[^\d])?)\d+$/, '$1{id}')
  );
}

/** What stands for a segment that is a value by its form, such as `{date}`; undefined for a name. */
export function placeholderOf(text: string): string | undefined {
  // Every form but the e-mail has a digit: most words are through here.
  if (text.length > 255 || !/[\d@]/.test(text)) return undefined;
  return VARIABLE_PARTS.find(([form]) => form.test(text))?.[1];
}
