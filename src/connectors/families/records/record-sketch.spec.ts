import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RecordSketch, typeOfText } from './record-sketch.js';

const sketch = (records: readonly Record<string, unknown>[], asText = false) => {
  const made = new RecordSketch();
  for (const record of records) made.add(record, asText);
  return made.fields();
};

describe('fields inferred from records', () => {
  test('have a prevalence, and may be null where they are missing', () => {
    expect(sketch([{ a: 1, b: 'x' }, { a: 2 }, { a: null }])).toEqual([
      {
        name: 'a',
        ordinal: 1,
        native_type: 'integer',
        type: 'integer',
        nullable: true,
        inferred: true,
        prevalence: 1,
      },
      {
        name: 'b',
        ordinal: 2,
        native_type: 'string',
        type: 'string',
        nullable: true,
        inferred: true,
        prevalence: 0.333,
      },
    ]);
  });

  test('have the narrowest type that holds all values', () => {
    const typeOf = (...values: unknown[]) => sketch(values.map((value) => ({ value })))[0]?.type;
    expect(typeOf(1, 2.5)).toBe('float');
    expect(typeOf(1, 'x')).toBe('string');
    expect(typeOf(true, false)).toBe('boolean');
    expect(typeOf({}, 1)).toBe('unknown');
    expect(typeOf(null)).toBe('unknown');
    expect(typeOf(new Date(0))).toBe('timestamp_tz');
  });

  test('go into objects, and into the objects of arrays', () => {
    const [tags, user] = sketch([
      { tags: [{ id: 1 }, { id: 2, name: 'x' }], user: { name: 'a' } },
      { tags: [], user: { name: 'b', age: 3 } },
    ]);
    expect(tags).toMatchObject({
      type: 'array',
      fields: [
        { name: 'id', prevalence: 1 },
        { name: 'name', prevalence: 0.5 },
      ],
    });
    expect(user).toMatchObject({
      type: 'object',
      fields: [{ name: 'name' }, { name: 'age', nullable: true }],
    });
  });

  test('are read out of texts where a source knows only texts', () => {
    const types = (record: Record<string, string>) => sketch([record], true).map(({ type }) => type);
    expect(
      types({
        a: '1',
        b: '1.5',
        c: 'true',
        d: '2024-05-01',
        e: '2024-05-01T10:00:00Z',
        f: '007',
        g: 'x',
        h: '-0',
      }),
    ).toEqual(['integer', 'float', 'boolean', 'date', 'timestamp_tz', 'string', 'string', 'integer']);
    expect(typeOfText('9f1c2b7e-0d7a-4f5e-9a63-3f2f0a9f6a11')).toBe('uuid');
  });

  test('stay within their bounds whatever comes', () => {
    const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`f${String(at)}`, at]));
    expect(sketch([wide])).toHaveLength(500);
    let deep: Record<string, unknown> = {};
    for (let level = 0; level < 1_000; level += 1) deep = { deep };
    expect(JSON.stringify(sketch([deep])).length).toBeLessThan(5_000);
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string(), fc.anything()), { maxLength: 10 }), (records) => {
        for (const { prevalence = 0 } of sketch(records))
          expect(prevalence > 0 && prevalence <= 1).toBe(true);
      }),
    );
  });
});
