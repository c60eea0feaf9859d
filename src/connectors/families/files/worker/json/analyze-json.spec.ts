import { describe, expect, test } from '@jest/globals';
import type { Field } from '../../../../spi/metadata.js';
import { CAPS, type JsonOptions, type Sample } from '../../analysis.js';
import { samplePlan } from '../../sample-plan.js';
import { ParseFault } from '../parse-fault.js';
import { analyzeJson } from './analyze-json.js';

function analyze(content: string | Uint8Array, options: JsonOptions = {}) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return analyzeJson({ size: bytes.length, pieces: [{ offset: 0, bytes }] }, options);
}

/** Name, type, native type and what is below, in short. */
type Short = readonly (string | Short)[];
const short = (fields: readonly Field[]): Short[] =>
  fields.map(({ name, type, native_type, fields: below }) => [
    name,
    type,
    native_type,
    ...short(below ?? []),
  ]);
const fieldsOf = (content: string, options?: JsonOptions) => short(analyze(content, options).fields);

describe('a JSON file', () => {
  test('of lines gives the fields of its records', () => {
    const { fields, rowEstimate, properties, partial } = analyze(
      '{"id":1,"name":"a"}\n{"id":2,"extra":null}\n',
    );
    expect(partial).toBeUndefined();
    expect(rowEstimate).toBe(2);
    expect(properties).toEqual({ layout: 'lines', encoding: 'utf-8', sampled: false });
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
        name: 'name',
        ordinal: 2,
        native_type: 'string',
        type: 'string',
        nullable: true,
        max_length: 1,
        prevalence: 0.5,
        ...inferred,
      },
      {
        name: 'extra',
        ordinal: 3,
        native_type: 'null',
        type: 'unknown',
        nullable: true,
        prevalence: 0.5,
        ...inferred,
      },
    ]);
  });

  test('has nested fields with their place', () => {
    expect(
      fieldsOf(
        '[{"who":{"name":"a","tags":["x"]},"lines":[{"sku":1},{"sku":2,"qty":1.5}],"grid":[[1],[2]]}]',
      ),
    ).toEqual([
      ['who', 'object', 'object', ['name', 'string', 'string'], ['tags', 'array', 'array<string>']],
      ['lines', 'array', 'array<object>', ['sku', 'integer', 'integer'], ['qty', 'float', 'number']],
      ['grid', 'array', 'array<array<integer>>'],
    ]);
    const [lines] = analyze('[{"lines":[{"a":1},{"a":1},{"a":1},{"b":1}]}]').fields;
    expect(lines?.fields?.map(({ prevalence, nullable }) => [prevalence, nullable])).toEqual([
      [0.75, true],
      [0.25, true],
    ]);
  });

  test.each([
    ['1,2', 'integer', 'integer'],
    ['1,2.0', 'float', 'integer|number'],
    ['1,99999999999999999999', 'decimal', 'integer'],
    ['1,99999999999999999999,1e2', 'float', 'integer|number'],
    ['true,false', 'boolean', 'boolean'],
    ['true,1', 'string', 'boolean|integer'],
    ['1,"a"', 'string', 'integer|string'],
    ['1,{"a":1}', 'json', 'integer|object'],
    ['[1],{"a":1}', 'json', 'object|array<integer>'],
    ['null,null', 'unknown', 'null'],
    ['"2024-01-01","2024-12-31"', 'date', 'string'],
    ['"2024-01-01","2024-12-31T10:00:00"', 'timestamp', 'string'],
    ['"2024-01-01T10:00:00Z"', 'timestamp_tz', 'string'],
    ['"10:30"', 'time', 'string'],
    ['"123e4567-e89b-12d3-a456-426614174000"', 'uuid', 'string'],
    ['"2024-01-01","x"', 'string', 'string'],
    ['"12","13"', 'string', 'string'],
    ['"true"', 'string', 'string'],
  ])('with %s at one place has %s there', (values, type, native) => {
    const lines = values
      .split(/,(?![^{[]*[}\]])/)
      .map((value) => `{"v":${value}}`)
      .join('\n');
    expect(fieldsOf(lines)).toMatchObject([['v', type, native]]);
  });

  test.each([
    ['[]', 'array', 0, []],
    ['{}', 'value', 1, []],
    ['{"a":1}', 'value', 1, [['a', 'integer', 'integer']]],
    ['{\n "a": 1\n}\n', 'value', 1, [['a', 'integer', 'integer']]],
    ['{"a":1}\n{"a":2}', 'lines', 2, [['a', 'integer', 'integer']]],
    ['[1,2]\n[3,4]\n', 'lines', 2, [['value', 'array', 'array<integer>']]],
    ['[1,2,3]', 'array', 3, [['value', 'integer', 'integer']]],
    ['[{"a":1},2]', 'array', 2, [['value', 'json', 'integer|object']]],
    ['42', 'value', 1, [['value', 'integer', 'integer']]],
    ['', 'lines', 0, []],
    [' \n ', 'lines', 0, []],
  ])('%j is seen as %s of %d records', (text, layout, rows, fields) => {
    const { properties, rowEstimate } = analyze(text);
    expect([properties.layout, rowEstimate, fieldsOf(text)]).toEqual([layout, rows, fields]);
  });

  test.each(['{"a":1', '[1,2', 'hello', '{"a":01}', '{a:1}', '[1,]', '{"a":1}}\n', '\u0000', '"a\nb"'])(
    '%j is none',
    (text) => expect(() => analyze(text)).toThrow(ParseFault),
  );

  test('holds one value where it is said to be a document', () => {
    expect(() => analyze('{"a":1}\n{"a":2}', { layout: 'document' })).toThrow(/more than one/);
    expect(analyze('[1,2]', { layout: 'lines' }).rowEstimate).toBe(1);
  });

  test('with some broken lines is partial', () => {
    const { partial, rowEstimate } = analyze('{"a":1}\n{"a":\n{"a":2}\n{"a":3} x\n{"a":4}\n');
    expect(partial).toBe('Of 5 lines that were read, 2 are not JSON.');
    expect(rowEstimate).toBe(3);
  });

  test('never says what is in it when it is refused', () => {
    expect.assertions(1);
    try {
      analyze('{"password": hunter2}');
    } catch (error) {
      expect((error as Error).message).toBe('The file is not JSON: it goes wrong at character 14.');
    }
  });

  test('may have keys as objects name their parts', () => {
    const { fields } = analyze('{"__proto__":{"x":1},"constructor":1,"toString":"a"}');
    expect(short(fields)).toEqual([
      ['__proto__', 'object', 'object', ['x', 'integer', 'integer']],
      ['constructor', 'integer', 'integer'],
      ['toString', 'string', 'string'],
    ]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('has names that can be stored', () => {
    const long = 'k'.repeat(5_000);
    const names = analyze(`{"a\\u0000b":1,"a\\ud800":1,"${long}":1,"${long}x":2}`).fields.map(
      ({ name }) => name,
    );
    expect(names).toEqual(['a\u{fffd}b', 'a\u{fffd}', 'k'.repeat(1_024), `${'k'.repeat(1_024)}_2`]);
  });

  test('that is keyed by data has a map', () => {
    const users = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`u${index}`, { age: index }]),
    );
    expect(fieldsOf(JSON.stringify([{ users, n: 1 }]))).toEqual([
      ['users', 'map', 'object'],
      ['n', 'integer', 'integer'],
    ]);
  });

  test('of more fields than are listed is partial', () => {
    const record = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`k${index}`, index]));
    const { fields, partial } = analyze(JSON.stringify(record));
    expect(fields).toHaveLength(CAPS.fields);
    expect(partial).toMatch(/more than 10000 fields/);
  });

  test('lists fields down to a level, and refuses what nests beyond reason', () => {
    let text = '1';
    for (let level = 0; level < 100; level++) text = `{"k":${text}}`;
    let depth = 0;
    for (let fields = analyze(text).fields; fields.length > 0; fields = fields[0]?.fields ?? []) depth++;
    expect(depth).toBe(CAPS.fieldDepth);
    expect(() => analyze('['.repeat(100_000) + ']'.repeat(100_000))).toThrow(/deeper/);
  });

  test('is read in UTF-8 or marked UTF-16', () => {
    const text = '{"größe":1}';
    const marked = Buffer.from(`\u{feff}${text}`, 'utf16le');
    for (const bytes of [
      Buffer.from(text),
      Buffer.from(`\u{feff}${text}`),
      marked,
      Buffer.from(marked).swap16(),
    ])
      expect(analyze(bytes).fields[0]?.name).toBe('größe');
  });
});

describe('a long JSON file', () => {
  /** A sample as it is read of a file of this content. */
  function sampled(content: string): Sample {
    const bytes = Buffer.from(content);
    const pieces = samplePlan(bytes.length, false).map(({ offset, length }) => ({
      offset,
      bytes: bytes.subarray(offset, offset + length),
    }));
    return { size: bytes.length, pieces };
  }

  const ROWS = 90_000;
  const record = (index: number): string =>
    JSON.stringify({
      id: index < ROWS * 0.9 ? index : `x${index}`,
      text: 'a "quoted" },{ "id": 1 ä',
      list: [
        { sku: 'a', qty: 1 },
        { sku: 'b', qty: 2 },
      ],
      ...(index > ROWS * 0.95 ? { late: true } : {}),
    });
  const records = Array.from({ length: ROWS }, (_, index) => record(index));

  test.each([
    ['lines', records.join('\n'), '\n'],
    ['array', `[${records.join(',')}]`, ''],
    ['array', `[\n  ${records.join(',\n  ')}\n]\n`, ''],
  ])('of %s shows what changes late', (layout, text) => {
    const sample = sampled(text);
    expect(sample.pieces.length).toBeGreaterThan(10);
    const { fields, rowEstimate, properties, partial } = analyzeJson(sample, {});
    expect(partial).toBeUndefined();
    expect(properties).toMatchObject({ layout, sampled: true });
    expect(short(fields)).toEqual([
      ['id', 'string', 'integer|string'],
      ['text', 'string', 'string'],
      ['list', 'array', 'array<object>', ['sku', 'string', 'string'], ['qty', 'integer', 'integer']],
      ['late', 'boolean', 'boolean'],
    ]);
    expect(Math.abs((rowEstimate ?? 0) / ROWS - 1)).toBeLessThan(0.02);
    const late = fields.at(-1);
    expect(late?.nullable).toBe(true);
    expect(Math.abs((late?.prevalence ?? 0) - 0.05)).toBeLessThan(0.03);
  });

  test('of one value is partial', () => {
    const text = `{"meta":1,"data":[${records.join(',')}],"end":1}`;
    const { fields, partial } = analyzeJson(sampled(text), {});
    expect(fields.map(({ name }) => name)).toEqual(['meta', 'data']);
    expect(partial).toMatch(/one value/);
  });

  test('whose first record never ends is refused', () => {
    expect(() => analyzeJson(sampled(`[{"a":"${'x'.repeat(9 * 2 ** 20)}"}]`), {})).toThrow(/first record/);
    expect(() => analyzeJson(sampled('x'.repeat(9 * 2 ** 20)), {})).toThrow(ParseFault);
  });
});
