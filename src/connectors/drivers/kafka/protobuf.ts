import type { ColumnFacts, FieldLister, TypeFacts } from '../../families/files/worker/field-list.js';
import type { NormalizedType } from '../../spi/index.js';

const SCALARS: Readonly<Record<string, NormalizedType>> = {
  double: 'float',
  float: 'float',
  int32: 'integer',
  int64: 'integer',
  uint32: 'integer',
  uint64: 'integer',
  sint32: 'integer',
  sint64: 'integer',
  fixed32: 'integer',
  fixed64: 'integer',
  sfixed32: 'integer',
  sfixed64: 'integer',
  bool: 'boolean',
  string: 'string',
  bytes: 'binary',
  'google.protobuf.Timestamp': 'timestamp_tz',
  'google.protobuf.Duration': 'interval',
  'google.protobuf.Struct': 'json',
  'google.protobuf.Value': 'json',
  'google.type.Date': 'date',
};
const MAX_TEXT = 1_000_000;
const MAX_NESTING = 64;

/** A comment or a text without its end goes on to the end: looking for one again and again would take for ever. */
const TOKENS = /\/\/[^\n]*|\/\*(?:[^]*?\*\/|[^]*)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[\w.]+|[^\s\w]/g;

interface Declared {
  readonly name: string;
  readonly type: string;
  readonly label: string;
}
interface Message {
  readonly fields: readonly Declared[];
}

/** What .proto texts declare, by names with the package in front. */
class Declarations {
  readonly messages = new Map<string, Message>();
  readonly enums = new Map<string, readonly string[]>();
}

/**
 * The fields of the first message of a .proto text, which is the one that a registry means.
 *
 * @param imported texts of the files that it imports, and those of theirs.
 */
export function protobufColumns(
  text: string,
  lister: FieldLister,
  imported: readonly string[] = [],
): ColumnFacts[] {
  const declared = new Declarations();
  for (const other of imported) new ProtoParser(other, declared).parse();
  const root = new ProtoParser(text, declared).parse();
  return root === undefined ? [] : new Columns(declared, lister).of(root);
}

class Columns {
  private readonly around = new Set<string>();

  constructor(
    private readonly proto: Declarations,
    private readonly lister: FieldLister,
  ) {}

  of(message: string): ColumnFacts[] {
    return (this.proto.messages.get(message)?.fields ?? []).map(({ name, type, label }) => ({
      name,
      nullable: label === 'optional',
      type: () => this.typeOf(type, label, message),
    }));
  }

  private typeOf(type: string, label: string, scope: string): TypeFacts {
    if (type.startsWith('map<')) return { native: type, type: 'map' };
    const one = this.single(type, scope);
    return label === 'repeated' ? { native: `repeated ${type}`, type: 'array', fields: one.fields } : one;
  }

  private single(type: string, scope: string): TypeFacts {
    const plain = type.replace(/^\./, '');
    if (Object.hasOwn(SCALARS, plain)) return { native: type, type: SCALARS[plain] ?? 'unknown' };
    const name = this.resolved(type, scope);
    const values = this.proto.enums.get(name);
    if (values) return { native: type, type: 'enum', values };
    if (!this.proto.messages.has(name)) return { native: type, type: 'unknown' };
    // A message inside of itself is told by its name alone.
    if (this.around.has(name)) return { native: type, type: 'object' };
    this.around.add(name);
    const fields = this.lister.list(this.of(name));
    this.around.delete(name);
    return { native: type, type: 'object', fields };
  }

  /** A name is looked for in the message at hand, then in those around it, then in the packages around them. */
  private resolved(type: string, scope: string): string {
    const name = type.replace(/^\./, '');
    const known = (full: string): boolean => this.proto.messages.has(full) || this.proto.enums.has(full);
    for (
      let around = scope;
      around !== '';
      around = around.includes('.') ? around.slice(0, around.lastIndexOf('.')) : ''
    )
      if (known(`${around}.${name}`)) return `${around}.${name}`;
    return name;
  }
}

/** Reads what declares fields out of a .proto text, and passes over everything else. */
class ProtoParser {
  private first: string | undefined;
  private readonly tokens: readonly string[];
  private at = 0;

  constructor(
    text: string,
    private readonly declared: Declarations,
  ) {
    const plain = text.slice(0, MAX_TEXT);
    const tokens = plain.matchAll(TOKENS);
    this.tokens = Array.from(tokens, ([token]) => token).filter((token) => !/^\/[/*]/.test(token));
  }

  /** Gives back the name of the first message. */
  parse(): string | undefined {
    let scope = '';
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token === 'package') scope = `${this.next() ?? ''}.`;
      else if (token === 'message') this.message(scope, 0);
      else if (token === 'enum') this.enum(scope);
      else if (token === '{') this.skipBlock();
    }
    return this.first;
  }

  private next(): string | undefined {
    const token = this.tokens[this.at];
    this.at += 1;
    return token;
  }

  private message(scope: string, depth: number): void {
    const name = `${scope}${this.next() ?? ''}`;
    if (depth > MAX_NESTING || this.next() !== '{') return;
    this.first ??= name;
    const fields: Declared[] = [];
    // Known before its end, so that messages inside of it stand behind it.
    this.declared.messages.set(name, { fields });
    this.body(name, fields, depth);
  }

  private body(name: string, fields: Declared[], depth: number): void {
    for (let token = this.next(); token !== undefined && token !== '}'; token = this.next()) {
      if (token === 'message') this.message(`${name}.`, depth + 1);
      else if (token === 'enum') this.enum(`${name}.`);
      else if (token === 'oneof') {
        this.next();
        if (this.next() === '{') this.choices(fields);
      } else if (['option', 'reserved', 'extensions', 'extend', 'group'].includes(token))
        this.skipStatement();
      else if (token !== ';') this.field(token, fields, '');
    }
  }

  /** The members of a `oneof`: each may be missing. */
  private choices(fields: Declared[]): void {
    for (let token = this.next(); token !== undefined && token !== '}'; token = this.next())
      if (token === 'option') this.skipStatement();
      else if (token !== ';') this.field(token, fields, 'optional');
  }

  private field(token: string, fields: Declared[], label: string): void {
    const isLabel = ['repeated', 'optional', 'required'].includes(token);
    let type = isLabel ? (this.next() ?? '') : token;
    if (type === '.') type += this.next() ?? '';
    if (type === 'map') type += `${this.until('>')}>`;
    const name = this.next() ?? '';
    if (/^\w+$/.test(name)) fields.push({ name, type, label: isLabel ? token : label });
    this.skipStatement();
  }

  private enum(scope: string): void {
    const name = `${scope}${this.next() ?? ''}`;
    if (this.next() !== '{') return;
    const values: string[] = [];
    for (let token = this.next(); token !== undefined && token !== '}'; token = this.next()) {
      if (token !== 'option' && token !== 'reserved' && /^\w+$/.test(token)) values.push(token);
      if (token !== ';') this.skipStatement();
    }
    this.declared.enums.set(name, values);
  }

  private until(end: string): string {
    let text = '';
    for (let token = this.next(); token !== undefined && token !== end; token = this.next()) text += token;
    return text;
  }

  /** To the end of a statement: a semicolon, or a block. */
  private skipStatement(): void {
    for (let token = this.next(); token !== undefined && token !== ';'; token = this.next())
      if (token === '{') {
        this.skipBlock();
        if (this.tokens[this.at] !== ';' && this.tokens[this.at] !== ']') return;
      }
  }

  private skipBlock(): void {
    for (let open = 1; open > 0;) {
      const token = this.next();
      if (token === undefined) return;
      if (token === '{') open += 1;
      else if (token === '}') open -= 1;
    }
  }
}
