import { AppError } from '../../../common/app-error.js';

/** An element of an XML answer; attributes are not kept, but for `encoded`. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** Text directly inside, entities decoded, not trimmed; `''` for an element that only holds others. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** The element says `Encoded="true"`: its text is percent-encoded, as Azure does with names that XML cannot hold. */
  readonly encoded: boolean;
}

interface Open extends XmlElement {
  text: string;
  readonly children: Open[];
}

const MAX_DEPTH = 32;
const MAX_ELEMENTS = 200_000;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text, or one piece of markup. Each alternative ends at a fixed text, so that no input makes it go back. */
const PIECE =
  /([^<]+)|<!--(?:(?!-->)[^])*-->|<\?[^>]*\?>|<!\[CDATA\[((?:(?!\]\]>)[^])*)\]\]>|<(\/?)([^\s/>!?"'<]+)([^<>]*)>/gy;

/**
 * The answer of a service as a tree. It knows what such answers are made of and refuses the rest: a DOCTYPE, and so every
 * entity of its own, is PROTOCOL like whatever is not well-formed, nests too deep or is too much.
 */
export function parseXml(body: string | Uint8Array): XmlElement {
  const source = (typeof body === 'string' ? body : Buffer.from(body).toString('utf8')).replace(
    /^\uFEFF/,
    '',
  );
  const root: Open = element('', '');
  const path: Open[] = [root];
  let count = 0;
  let at = 0;
  for (const [piece, text, data, slash, tag = '', rest = ''] of source.matchAll(PIECE)) {
    at += piece.length;
    const parent = path.at(-1) ?? root;
    if (text !== undefined) parent.text += decoded(text);
    else if (data !== undefined) parent.text += data;
    else if (slash === '/') {
      if (path.length < 2 || path.pop()?.name !== localName(tag)) throw notXml();
    } else if (tag !== '') {
      const made = element(tag, rest);
      parent.children.push(made);
      if (!rest.endsWith('/')) path.push(made);
      count += 1;
      if (path.length > MAX_DEPTH || count > MAX_ELEMENTS) throw notXml();
    }
  }
  const [only] = root.children;
  if (at !== source.length || path.length !== 1 || root.children.length !== 1 || !only) throw notXml();
  return only;
}

/** The children of that name. */
export function elements(parent: XmlElement | undefined, name: string): readonly XmlElement[] {
  return parent?.children.filter((child) => child.name === name) ?? [];
}

/** Text of the element at a path of names, the first of each; undefined where there is none. */
export function textAt(parent: XmlElement | undefined, ...names: readonly string[]): string | undefined {
  let at = parent;
  for (const name of names) at = at?.children.find((child) => child.name === name);
  return at?.text;
}

const localName = (tag: string): string => tag.slice(tag.indexOf(':') + 1);

function element(tag: string, attributes: string): Open {
  return {
    name: localName(tag),
    text: '',
    children: [],
    encoded: /\sEncoded\s*=\s*["']true["']/i.test(attributes),
  };
}

function decoded(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&([^;&]{0,16});?/g, (_, name: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    const point = code && Number.parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16);
    const char =
      typeof point === 'number'
        ? point <= 0x10ffff && String.fromCodePoint(point)
        : Object.hasOwn(ENTITIES, name) && ENTITIES[name];
    if (typeof char !== 'string') throw notXml();
    return char;
  });
}

const notXml = (): AppError =>
  new AppError('PROTOCOL', 'The answer of the source is not the XML that is expected.');
