import { CAPS } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';

export type JsonScalar = 'null' | 'boolean' | 'integer' | 'big_integer' | 'float' | 'string';

/** What is told of a value while it is read, in the order of the text. */
export interface JsonSink {
  /** @param text the text of a string without its quotes and escapes; else as it stands. */
  scalar(kind: JsonScalar, text: string): void;
  /** An object or array begins; what follows up to `leave` is in it. */
  enter(kind: 'object' | 'array'): void;
  /** The next value belongs to this key. */
  key(name: string): void;
  leave(): void;
}

/** A text that is not JSON. `at` is an offset in characters. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';

  constructor(readonly at: number) {
    super('not JSON');
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NUMBER_TO_THE_END = /[-+.\deE]*$/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const WORDS = [
  ['true', 'boolean'],
  ['false', 'boolean'],
  ['null', 'null'],
] as const;
const SAFE_DIGITS = 18;
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * Reads strict JSON (RFC 8259) out of a text that may end anywhere. No recursion: nesting costs one array entry each,
 * and is refused beyond `CAPS.depth`.
 */
export class JsonReader {
  constructor(
    private readonly text: string,
    public at = 0,
  ) {}

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  /** Goes to the next character that is no blank and gives it; '' at the end of the text. */
  peek(): string {
    const { text } = this;
    let { at } = this;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    }
    this.at = at;
    return text.charAt(at);
  }

  /**
   * Reads one value and stands behind it. False where the text ends inside of it; a number that ends the text counts
   * as whole. Throws JsonFault where it is not JSON, ParseFault where it nests too deep.
   */
  value(sink?: JsonSink): boolean {
    const closers: number[] = [];
    let expect: 'value' | 'first_item' | 'first_key' | 'key' | 'comma' = 'value';
    for (;;) {
      this.peek();
      if (this.ended) return false;
      const code = this.text.charCodeAt(this.at);
      const closer = closers.at(-1);
      if (code === closer && expect !== 'value' && expect !== 'key') {
        closers.pop();
        sink?.leave();
        this.at++;
        expect = 'comma';
      } else if (expect === 'comma') {
        if (code !== COMMA) throw new JsonFault(this.at);
        this.at++;
        expect = closer === CLOSE_OBJECT ? 'key' : 'value';
        continue;
      } else if (expect === 'key' || expect === 'first_key') {
        if (!this.key(sink)) return false;
        expect = 'value';
        continue;
      } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        const object = code === OPEN_OBJECT;
        if (closers.push(object ? CLOSE_OBJECT : CLOSE_ARRAY) > CAPS.depth)
          throw new ParseFault(`The JSON nests deeper than ${CAPS.depth} levels.`);
        sink?.enter(object ? 'object' : 'array');
        this.at++;
        expect = object ? 'first_key' : 'first_item';
        continue;
      } else {
        if (!this.scalar(code, sink)) return false;
        expect = 'comma';
      }
      if (closers.length === 0) return true;
    }
  }

  private key(sink?: JsonSink): boolean {
    if (this.text.charCodeAt(this.at) !== QUOTE) throw new JsonFault(this.at);
    const name = this.string(sink !== undefined);
    if (name === undefined) return false;
    this.peek();
    if (this.ended) return false;
    if (this.text.charCodeAt(this.at) !== COLON) throw new JsonFault(this.at);
    this.at++;
    sink?.key(name);
    return true;
  }

  private scalar(code: number, sink?: JsonSink): boolean {
    if (code === QUOTE) {
      const text = this.string(sink !== undefined);
      if (text === undefined) return false;
      sink?.scalar('string', text);
      return true;
    }
    if (code <= NINE) return this.number(sink);
    const begin = this.at;
    for (const [word, kind] of WORDS) {
      if (code !== word.charCodeAt(0)) continue;
      const found = this.text.slice(begin, begin + word.length);
      if (found === word) {
        this.at += word.length;
        sink?.scalar(kind, word);
        return true;
      }
      if (begin + found.length === this.text.length && word.startsWith(found)) return false;
    }
    return this.number(sink);
  }

  private number(sink?: JsonSink): boolean {
    const begin = this.at;
    NUMBER.lastIndex = begin;
    const text = NUMBER.exec(this.text)?.[0] ?? '';
    // `-`, `1.` or `1e` at the end of the text are the beginning of a number that is cut.
    NUMBER_TO_THE_END.lastIndex = begin + text.length;
    if (begin + text.length < this.text.length && NUMBER_TO_THE_END.test(this.text)) return false;
    if (text === '') throw new JsonFault(begin);
    this.at += text.length;
    sink?.scalar(numberKind(text), text);
    return true;
  }

  /** The text of a string, or '' unless it is wanted; undefined where the text ends inside of it. */
  private string(wanted: boolean): string | undefined {
    const { text } = this;
    const begin = this.at;
    let escaped = false;
    for (let at = begin + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        this.at = at + 1;
        if (!wanted) return '';
        return escaped ? (JSON.parse(text.slice(begin, at + 1)) as string) : text.slice(begin + 1, at);
      }
      if (code === BACKSLASH) {
        ESCAPE.lastIndex = at;
        const escape = ESCAPE.exec(text)?.[0];
        if (escape === undefined) {
          if (text.length - at < 6) break;
          throw new JsonFault(at);
        }
        escaped = true;
        at += escape.length - 1;
      } else if (code < 0x20) {
        throw new JsonFault(at);
      }
    }
    this.at = text.length;
    return undefined;
  }
}

function numberKind(text: string): JsonScalar {
  if (/[.eE]/.test(text)) return 'float';
  if (text.length <= SAFE_DIGITS) return 'integer';
  // A number of a million digits is not made a BigInt: that takes quadratic time.
  if (text.length > 20) return 'big_integer';
  const value = BigInt(text);
  return value >= INT64.min && value <= INT64.max ? 'integer' : 'big_integer';
}
