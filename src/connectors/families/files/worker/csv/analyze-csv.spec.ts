import { describe, expect, test } from '@jest/globals';
import { CAPS, type CsvOptions, type Sample } from '../../analysis.js';
import { samplePlan } from '../../sample-plan.js';
import { ParseFault } from '../parse-fault.js';
import { analyzeCsv } from './analyze-csv.js';

function whole(content: string | Uint8Array): Sample {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { size: bytes.length, pieces: [{ offset: 0, bytes }] };
}

function analyze(content: string | Uint8Array, options: CsvOptions = {}) {
  return analyzeCsv(whole(content), options);
}

const typesOf = (content: string, options: CsvOptions = {}) =>
  Object.fromEntries(analyze(content, options).fields.map(({ name, type }) => [name, type]));
const namesOf = (content: string, options: CsvOptions = {}) =>
  analyze(content, options).fields.map(({ name }) => name);

describe('a CSV file', () => {
  test('gives its columns with all facts', () => {
    const { fields, rowEstimate, properties, partial } = analyze('id,price,note\n1,2.50,\n2,10.125,über\n');
    expect(partial).toBeUndefined();
    expect(rowEstimate).toBe(2);
    expect(properties).toEqual({
      delimiter: ',',
      quote: '"',
      encoding: 'utf-8',
      header: true,
      newline: 'lf',
      sampled: false,
    });
    const inferred = { inferred: true };
    expect(fields).toEqual([
      {
        name: 'id',
        ordinal: 1,
        native_type: 'integer',
        type: 'integer',
        nullable: false,
        prevalence: 1,
        ...inferred,
      },
      {
        name: 'price',
        ordinal: 2,
        native_type: 'decimal',
        type: 'decimal',
        nullable: false,
        precision: 5,
        scale: 3,
        prevalence: 1,
        ...inferred,
      },
      {
        name: 'note',
        ordinal: 3,
        native_type: 'string',
        type: 'string',
        nullable: true,
        max_length: 4,
        prevalence: 0.5,
        ...inferred,
      },
    ]);
  });

  test.each([
    ['a,b\n1,2\n', ','],
    ['a;b\n1,5;2,5\n1,5;2,5\n', ';'],
    ['a\tb\n1\t2\n', '\t'],
    ['a|b\n1|2\n', '|'],
    ['one\ntwo\nthree\n', ','],
    ['"a;x";"b"\n"1;1";"2"\n', ';'],
    ['a,b;c\n1,2;3\n4,5;6;7\n', ','],
  ])('has its delimiter found: %j', (text, delimiter) => {
    expect(analyze(text).properties.delimiter).toBe(delimiter);
  });

  test('is read with what is told, though it looks otherwise', () => {
    expect(namesOf('a;b,c\n1;2,3\n', { delimiter: ';' })).toEqual(['a', 'b,c']);
    expect(namesOf('a,b\n1,2\n', { hasHeader: false })).toEqual(['column_1', 'column_2']);
    expect(namesOf('1,2\n3,4\n', { hasHeader: true })).toEqual(['1', '2']);
    expect(namesOf(`'a,b',c\n`, { quote: "'" })).toEqual(['a,b', 'c']);
    expect(namesOf('"a,b"\n', { quote: 'none' })).toEqual(['"a', 'b"']);
  });

  test('in single quotes is seen as such', () => {
    const { properties, fields } = analyze("id,name\n1,'a,b'\n2,'c,d'\n3,'e'\n");
    expect(properties.quote).toBe("'");
    expect(fields).toHaveLength(2);
  });

  test.each([
    ['id,2019,2020\n7,1,2\n8,3,4\n', true],
    ['id,name\n1,x\n2,y\n', true],
    ['1,x\n2,y\n', false],
    ['a,b\nc,d\n', true],
    ['2024-01-01,x\n2024-01-02,y\n', false],
    ['a,,c\n1,2,3\n', true],
  ])('has its header found: %j', (text, header) => {
    expect(analyze(text).properties.header).toBe(header);
  });

  test('names columns once each, the same on every run', () => {
    expect(namesOf('a,a,a_2,,column_4,a\n1,2,3,4,5,6\n')).toEqual([
      'a',
      'a_3',
      'a_2',
      'column_4_2',
      'column_4',
      'a_4',
    ]);
    expect(namesOf(' a ,"b\nc","d""e"\n1,2,3\n')).toEqual([' a ', 'b\nc', 'd"e']);
    expect(namesOf('a,b\n1,2,3\n4,5,6\n')).toEqual(['a', 'b', 'column_3']);
  });

  test('may name columns as objects name their parts', () => {
    expect(namesOf('__proto__,constructor,toString,__proto__\n1,2,3,4\n')).toEqual([
      '__proto__',
      'constructor',
      'toString',
      '__proto___2',
    ]);
    expect(({} as Record<string, unknown>).column_1).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test('may be empty, or a header alone', () => {
    expect(analyze('')).toMatchObject({ fields: [], rowEstimate: 0 });
    expect(analyze('\n\n')).toMatchObject({ fields: [], rowEstimate: 0 });
    const { fields, rowEstimate } = analyze('id,name');
    expect(rowEstimate).toBe(0);
    expect(fields.map(({ name, type, nullable }) => [name, type, nullable])).toEqual([
      ['id', 'unknown', true],
      ['name', 'unknown', true],
    ]);
  });

  test.each([
    ['lf', 'a,b\n1,2\n'],
    ['crlf', 'a,b\r\n1,2\r\n'],
    ['cr', 'a,b\r1,2\r'],
  ])('ends its lines by %s', (newline, text) => {
    const { properties, fields, rowEstimate } = analyze(text);
    expect(properties.newline).toBe(newline);
    expect(rowEstimate).toBe(1);
    expect(fields.map(({ name, type }) => [name, type])).toEqual([
      ['a', 'integer'],
      ['b', 'integer'],
    ]);
  });

  test('is read in its encoding', () => {
    const text = 'größe,日本\n1,x\n';
    const le = Buffer.from(`\u{feff}${text}`, 'utf16le');
    const be = Buffer.from(le).swap16();
    const plain = Buffer.from(text, 'utf16le');
    expect([le, be, Buffer.from(`\u{feff}${text}`)].map((bytes) => analyze(bytes).fields[0]?.name)).toEqual([
      'größe',
      'größe',
      'größe',
    ]);
    expect(analyze(be).properties.encoding).toBe('utf-16be');
    expect(analyze(plain, { encoding: 'utf-16le' }).fields.map(({ name }) => name)).toEqual([
      'größe',
      '日本',
    ]);
    const latin = analyze(Buffer.from('größe,b\n1,2\n', 'latin1'));
    expect([latin.properties.encoding, latin.fields[0]?.name]).toEqual(['latin-1', 'größe']);
    expect(analyze(Buffer.from([0x80, 0x0a, 0x31, 0x0a])).fields[0]?.name).toBe('€');
  });

  test('that holds NUL bytes is none', () => {
    expect(() => analyze('a,b\u0000\n1,2\n')).toThrow(ParseFault);
    expect(() => analyze(Buffer.from('a,b\n1,2\n', 'utf16le'))).toThrow(/NUL/);
  });

  test('one value that does not fit makes a string of its column', () => {
    const rows = Array.from({ length: 5_000 }, (_, index) => `${index},${index}`).join('\n');
    expect(typesOf(`a,b\n${rows}\n1,x\n`)).toEqual({ a: 'integer', b: 'string' });
  });

  test('with a quote that is never closed is partial, not wrong', () => {
    const { partial, fields, rowEstimate } = analyze('a,b\n1,2\n3,"x\n5,6\n7,8\n');
    expect(partial).toMatch(/never closed/);
    expect(rowEstimate).toBe(1);
    expect(fields).toHaveLength(2);
    expect(() => analyze('a,"b\n1,2\n')).toThrow(/not closed/);
  });

  test('of more columns than are listed is partial', () => {
    const header = Array.from({ length: 100_000 }, (_, index) => `c${index}`).join(',');
    const { fields, partial } = analyze(`${header}\n${'1,'.repeat(99_999)}1\n`);
    expect(fields).toHaveLength(CAPS.fields);
    expect(fields.at(-1)).toMatchObject({ name: 'c9999', type: 'integer' });
    expect(partial).toMatch(/100000 columns/);
  });

  test('with one line without an end is refused, or read up to it', () => {
    const bytes = Buffer.alloc(CAPS.headBytes, 'x');
    expect(() => analyzeCsv({ size: 2 ** 30, pieces: [{ offset: 0, bytes }] }, {})).toThrow(/first line/);
    expect(() => analyze(','.repeat(CAPS.recordBytes + 1))).toThrow(/first line/);
    const head = Buffer.concat([Buffer.from('a,b\n1,2\n'), bytes]);
    const pieces = [
      { offset: 0, bytes: head },
      { offset: 2 ** 29, bytes },
    ];
    const { fields, partial } = analyzeCsv({ size: 2 ** 30, pieces }, {});
    expect(fields.map(({ type }) => type)).toEqual(['integer', 'integer']);
    expect(partial).toMatch(/1 of 1 blocks/);
  });

  test('passes over a record that is too long', () => {
    const { partial, rowEstimate } = analyze(`a,b\n1,2\n1,${'x'.repeat(CAPS.recordBytes + 1)}\n3,4\n`);
    expect(partial).toMatch(/Records longer/);
    expect(rowEstimate).toBe(2);
  });
});

describe('a long CSV file', () => {
  function sampled(bytes: Uint8Array): Sample {
    const pieces = samplePlan(bytes.length, false).map(({ offset, length }) => ({
      offset,
      bytes: bytes.subarray(offset, offset + length),
    }));
    return { size: bytes.length, pieces };
  }

  const ROWS = 150_000;
  const row = (index: number): string =>
    `${index},"é ""${index}""${index % 3 === 0 ? '\r\nline,two' : ''}",${index < ROWS - 10 ? index % 50 : 'end'},${'ü'.repeat(30)}\r\n`;
  const text = `id,note,code,pad\r\n${Array.from({ length: ROWS }, (_, index) => row(index)).join('')}`;

  test.each([
    ['utf-8', Buffer.from(text)],
    ['utf-16le', Buffer.from(`\u{feff}${text}`, 'utf16le')],
    ['utf-16be', Buffer.from(`\u{feff}${text}`, 'utf16le').swap16()],
    ['latin-1', Buffer.from(text + text.slice(18), 'latin1')],
  ])('in %s shows its last records', (encoding, bytes) => {
    const { fields, properties, partial, rowEstimate } = analyzeCsv(sampled(bytes), {});
    expect(partial).toBeUndefined();
    expect(properties).toMatchObject({ encoding, newline: 'crlf', sampled: true });
    expect(fields.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['note', 'string'],
      ['code', 'string'],
      ['pad', 'string'],
    ]);
    expect(fields.at(-1)?.max_length).toBe(30);
    const rows = encoding === 'latin-1' ? 2 * ROWS : ROWS;
    expect(Math.abs((rowEstimate ?? 0) / rows - 1)).toBeLessThan(0.02);
  });
});
