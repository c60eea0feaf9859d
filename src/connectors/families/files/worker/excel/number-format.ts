import { attributeOf, xmlTokens } from './xml.js';

/** What a number stands for by the format of its cell. */
export type NumberMeaning = 'number' | 'date' | 'time' | 'timestamp';

/** The formats that every workbook has without saying so; those of East Asian dates are the same in all languages. */
const BUILT_IN: readonly (readonly [NumberMeaning, readonly number[]])[] = [
  ['date', [14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58]],
  ['time', [18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56]],
  ['timestamp', [22]],
];
const MEANINGS = new Map(BUILT_IN.flatMap(([meaning, ids]) => ids.map((id) => [id, meaning] as const)));

/** What a format code means: its first section, without texts, escapes, colours and conditions. */
export function meaningOf(code: string): NumberMeaning {
  const plain = code
    .slice(0, 255)
    .replaceAll(/"[^"]*"|\\.|_.|\*./g, '')
    .replaceAll(/\[(?![hms]+\])[^\]]*\]/gi, '')
    .toLowerCase();
  const [first = ''] = plain.split(';');
  if (/general|[#?]/.test(first)) return 'number';
  const time = /h|s|\[m+\]|am\/pm/.test(first);
  const date = /y|d/.test(first) || (!time && first.includes('m'));
  if (date) return time ? 'timestamp' : 'date';
  return time ? 'time' : 'number';
}

/** The meaning of each cell style, by its number. */
export function readStyles(xml: string): NumberMeaning[] {
  const custom = new Map<number, NumberMeaning>();
  const styles: NumberMeaning[] = [];
  let inCells = false;
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text') continue;
    if (token.name === 'cellXfs') inCells = token.kind === 'open';
    else if (token.kind === 'close') continue;
    else if (token.name === 'numFmt')
      custom.set(Number(attributeOf(token, 'numFmtId')), meaningOf(attributeOf(token, 'formatCode') ?? ''));
    else if (inCells && token.name === 'xf') {
      const id = Number(attributeOf(token, 'numFmtId') ?? 0);
      styles.push(custom.get(id) ?? MEANINGS.get(id) ?? 'number');
    }
  }
  return styles;
}
