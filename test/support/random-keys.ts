/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ALPHABETS = [
  'abcdefghijklmnopqrstuvwxyz_',
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  '0123456789',
  '/~%.$[]{}()"\'`\\ \t?&=#:;,<>|',
  '\u0000\u0001\u001b\u2028\u202e\u200b\ufeff',
  'äöüßéñ日本語🦀Ωж',
];
/** Names that mean something to drivers, to JavaScript or to us, which are then changed a little. */
const WORDS = [
  ...['host', 'port', 'password', 'type', 'tls', 'mode', 'ca', 'options', 'ssl', 'socketPath', 'url'],
  ...['__proto__', 'constructor', 'prototype', 'valueOf', 'length', 'then', 'toJSON'],
];

/** Names of properties, all different: words of any alphabet, and known names in other case or encoding. */
export function randomKeys(count: number, seed: number): readonly string[] {
  const next = numbers(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T;
  const letters = (alphabet: string): string => {
    const all = Array.from(alphabet);
    return Array.from({ length: 1 + Math.floor(next() * 24) }, () => pick(all)).join('');
  };
  const changed = (word: string): string =>
    pick([
      `${word} `,
      ` ${word}`,
      word.toUpperCase(),
      `${word}\u0000`,
      `%${word.charCodeAt(0).toString(16)}${word.slice(1)}`,
      `${word}[]`,
      `${word}.${pick(WORDS)}`,
      `${word}/${pick(WORDS)}`,
      `${word}${String(Math.floor(next() * 1_000))}`,
      word.repeat(40),
    ]);
  const keys = new Set<string>();
  while (keys.size < count) keys.add(next() < 0.3 ? changed(pick(WORDS)) : letters(pick(ALPHABETS)));
  return [...keys];
}
