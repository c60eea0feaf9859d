/** Reading parsed JSON of any shape: what is not of the wanted kind is as if it were not there. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const objectIn = (value: unknown): JsonObject => (isObject(value) ? value : {});

export const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const textsIn = (value: unknown): string[] => listIn(value).filter((item) => typeof item === 'string');

/** A whole number that is not negative. */
export function countIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** What a JSON text holds; nothing where it is none. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The members of a JSON object whose text may be cut off: those that are whole, in their order, and whether that is all.
 */
export function membersOf(text: string): {
  readonly members: ReadonlyMap<string, unknown>;
  readonly complete: boolean;
} {
  const members = new Map<string, unknown>();
  let at = text.indexOf('{') + 1;
  if (at === 0 || text.slice(0, at - 1).trim() !== '') return { members, complete: false };
  for (;;) {
    at = afterBlanks(text, at);
    if (text[at] === '}') return { members, complete: true };
    if (text[at] === ',') at = afterBlanks(text, at + 1);
    const nameEnd = text[at] === '"' ? endOfString(text, at) : -1;
    const colon = nameEnd === -1 ? -1 : afterBlanks(text, nameEnd);
    if (text[colon] !== ':') return { members, complete: false };
    const from = afterBlanks(text, colon + 1);
    const end = endOfValue(text, from);
    const name = parsedJson(text.slice(at, nameEnd));
    const value = end === -1 ? undefined : parsedJson(text.slice(from, end));
    if (typeof name !== 'string' || value === undefined) return { members, complete: false };
    members.set(name, value);
    at = end;
  }
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Behind the closing quote; -1 where there is none. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at++;
    else if (char === '"') return at + 1;
  }
  return -1;
}

/** Behind a value; -1 where the text ends before it does. */
export function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at) - 1;
      if (at < 0) return -1;
      if (depth === 0) return at + 1;
    } else if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') {
      depth--;
      if (depth === 0) return at + 1;
      if (depth < 0) return at;
    } else if (char === ',' && depth === 0) return at;
  }
  return -1;
}
