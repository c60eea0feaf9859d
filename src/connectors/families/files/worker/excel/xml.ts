import { ParseFault } from '../parse-fault.js';

export interface XmlTag {
  readonly kind: 'open' | 'close' | 'empty';
  /** Without its namespace prefix. */
  readonly name: string;
  /** The text between the name and the end of the tag. */
  readonly attributes: string;
}

export interface XmlText {
  readonly kind: 'text';
  readonly text: string;
}

/**
 * Tags and texts of an XML document one after the other. Nothing is declared, fetched or expanded; a document type is
 * refused. Ends quietly where the text ends, as only the beginning of it may be there.
 */
export function* xmlTokens(xml: string): Generator<XmlTag | XmlText> {
  for (let at = 0; at < xml.length;) {
    const open = xml.indexOf('<', at);
    if (open === -1) return;
    if (open > at) yield { kind: 'text', text: unescaped(xml.slice(at, open)) };
    if (xml.startsWith('<!--', open)) at = after(xml, '-->', open);
    else if (xml.startsWith('<![CDATA[', open)) {
      at = after(xml, ']]>', open);
      yield { kind: 'text', text: xml.slice(open + 9, at - 3) };
    } else if (xml.startsWith('<?', open)) at = after(xml, '?>', open);
    else if (xml.startsWith('<!', open)) throw new ParseFault('The workbook declares a document type.');
    else {
      const end = endOfTag(xml, open);
      if (end === -1) return;
      yield tagOf(xml.slice(open + 1, end));
      at = end + 1;
    }
  }
}

function after(xml: string, mark: string, from: number): number {
  const end = xml.indexOf(mark, from);
  return end === -1 ? xml.length : end + mark.length;
}

/** A value in quotes may hold the end of a tag. */
function endOfTag(xml: string, from: number): number {
  let quote = 0;
  for (let at = from; at < xml.length; at++) {
    const char = xml.charCodeAt(at);
    if (quote !== 0) {
      if (char === quote) quote = 0;
    } else if (char === 0x22 || char === 0x27) quote = char;
    else if (char === 0x3e) return at;
  }
  return -1;
}

function tagOf(body: string): XmlTag {
  const closes = body.startsWith('/');
  const empty = body.endsWith('/');
  const inner = body.slice(closes ? 1 : 0, empty ? -1 : undefined);
  const end = inner.search(/\s/);
  const name = end === -1 ? inner : inner.slice(0, end);
  return {
    kind: closes ? 'close' : empty ? 'empty' : 'open',
    name: name.slice(name.indexOf(':') + 1),
    attributes: end === -1 ? '' : inner.slice(end),
  };
}

/** An attribute by its name, with or without a prefix. Takes time in proportion to the length, whatever stands there. */
export function attributeOf({ attributes }: XmlTag, name: string): string | undefined {
  for (let at = 0; at < attributes.length;) {
    const equals = attributes.indexOf('=', at);
    if (equals === -1) return undefined;
    let open = equals + 1;
    while (attributes.charCodeAt(open) <= 0x20) open++;
    const quote = attributes[open];
    const end = quote === '"' || quote === "'" ? attributes.indexOf(quote, open + 1) : -1;
    if (end === -1) return undefined;
    const key = attributes.slice(at, equals).trim();
    if (key.slice(key.indexOf(':') + 1) === name) return unescaped(attributes.slice(open + 1, end));
    at = end + 1;
  }
  return undefined;
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(lt|gt|amp|quot|apos));/g,
    (whole, ten, hex, name) => {
      if (typeof name === 'string') return NAMED[name] ?? whole;
      const code = typeof ten === 'string' ? Number(ten) : Number.parseInt(String(hex), 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '\u{fffd}';
    },
  );
}
