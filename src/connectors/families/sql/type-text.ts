/** A type as a source writes it, such as `decimal(12,2)`, `timestamp(3) with time zone` or `array<struct<a:int>>`. */
export interface WrittenType {
  /** The words before and behind the brackets, in lower case: `timestamp with time zone`. */
  readonly name: string;
  /** What stands in the brackets, split at its commas. */
  readonly args: readonly string[];
}

/** Which brackets count: in an expression `<` is a comparison. */
type Brackets = '()' | '()<>';

/** Splits at the commas that stand in no brackets and no quotes. */
export function splitList(text: string, brackets: Brackets = '()'): string[] {
  const parts: string[] = [];
  let [from, depth] = [0, 0];
  for (const { 0: found, index } of text.matchAll(
    /'(?:[^'\\]|\\.|'')*'|`(?:[^`\\]|\\.)*`|"[^"]*"|[(),<>]/gs,
  )) {
    const place = found.length === 1 ? brackets.indexOf(found) : -1;
    if (place >= 0) depth += place % 2 === 0 ? 1 : -1;
    else if (found === ',' && depth === 0) {
      parts.push(text.slice(from, index).trim());
      from = index + 1;
    }
  }
  const last = text.slice(from).trim();
  return last === '' && parts.length === 0 ? [] : [...parts, last];
}

/** Takes a written type apart at its outermost pair of brackets. */
export function writtenType(text: string, brackets: Brackets = '()'): WrittenType {
  const open = text.search(brackets === '()' ? /\(/ : /[(<]/);
  const close = text.lastIndexOf(text[open] === '<' ? '>' : ')');
  if (open < 0 || close < open) return { name: text.trim().toLowerCase(), args: [] };
  const name = `${text.slice(0, open).trim()} ${text.slice(close + 1).trim()}`.trim().toLowerCase();
  return { name, args: splitList(text.slice(open + 1, close), brackets) };
}
