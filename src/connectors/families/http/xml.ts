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

/** A name, then attributes, and a slash where the element has no end tag of its own. */
const TAG = /^([^\s/!?"'<>=]+)(\s[^<>]*?)?(\/?)$/;

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
  for (let at = 0; at < source.length;) {
    const parent = path.at(-1) ?? root;
    const open = source.indexOf('<', at);
    if (open !== at) parent.text += decoded(source.slice(at, open === -1 ? undefined : open));
    if (open === -1) break;
    if (source[open + 1] === '!' || source[open + 1] === '?') {
      at = beyondMarkup(source, open, parent);
      continue;
    }
    const close = source.indexOf('>', open);
    if (close === -1) throw notXml();
    const tag = source.slice(open + 1, close);
    at = close + 1;
    if (tag.startsWith('/')) {
      if (path.length < 2 || path.pop()?.name !== localName(tag.slice(1).trimEnd())) throw notXml();
      continue;
    }
    const [made, empty] = opened(tag);
    parent.children.push(made);
    if (!empty) path.push(made);
    count += 1;
    if (path.length > MAX_DEPTH || count > MAX_ELEMENTS) throw notXml();
  }
  const [only] = root.children;
  if (path.length !== 1 || root.children.length !== 1 || !only || root.text.trim() !== '') throw notXml();
  return only;
}

/** Goes past a comment, an instruction or a CDATA section, whose text is the parent's. */
function beyondMarkup(source: string, open: number, parent: Open): number {
  const kind = source.startsWith('<!--', open)
    ? ['<!--', '-->']
    : source.startsWith('<![CDATA[', open)
      ? ['<![CDATA[', ']]>']
      : ['<?', '?>'];
  const [start = '', end = ''] = kind;
  const close = source.startsWith(start, open) ? source.indexOf(end, open + start.length) : -1;
  if (close === -1) throw notXml();
  if (end === ']]>') parent.text += source.slice(open + start.length, close);
  return close + end.length;
}

/** Names without attributes, as nearly all are. */
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9.-]*$/;

function opened(tag: string): [Open, boolean] {
  if (PLAIN_NAME.test(tag)) return [element(tag, ''), false];
  const [, name, attributes = '', slash] = TAG.exec(tag) ?? [];
  if (name === undefined) throw notXml();
  return [element(localName(name), attributes), slash === '/'];
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

function element(name: string, attributes: string): Open {
  const encoded = attributes !== '' && /\sEncoded\s*=\s*["']true["']/i.test(attributes);
  return { name, text: '', children: [], encoded };
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
