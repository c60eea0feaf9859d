import { describe, expect, test } from '@jest/globals';
import { typeFacts } from './types.js';

describe('a type of ClickHouse', () => {
  test.each([
    ['UInt64', { type: 'integer', nullable: false }],
    ['Int256', { type: 'integer', nullable: false }],
    ['LowCardinality(Nullable(String))', { type: 'string', nullable: true }],
    ['Decimal(12, 2)', { type: 'decimal', precision: 12, scale: 2, nullable: false }],
    ['Decimal64(4)', { type: 'decimal', precision: 18, scale: 4, nullable: false }],
    ['FixedString(16)', { type: 'string', max_length: 16, nullable: false }],
    ["DateTime64(3, 'Europe/Berlin')", { type: 'timestamp_tz', nullable: false }],
    ["Enum8('a, b' = 1, 'it\\'s' = -2)", { type: 'enum', values: ['a, b', "it's"], nullable: false }],
    ['Map(String, Array(UInt8))', { type: 'map', nullable: false }],
    ['JSON(max_dynamic_paths=8, a.b UInt32)', { type: 'json', nullable: false }],
    ['SimpleAggregateFunction(max, Nullable(DateTime))', { type: 'timestamp_tz', nullable: true }],
    ['AggregateFunction(uniq, UInt64)', { type: 'binary', nullable: false }],
    ['Variant(String, UInt8)', { type: 'unknown', nullable: false }],
    ['IntervalDay', { type: 'interval', nullable: false }],
    ['', { type: 'unknown', nullable: false }],
    ['Array(', { type: 'unknown', nullable: false }],
  ])('%s', (text, facts) => {
    expect(typeFacts(text)).toEqual(facts);
  });

  test('knows the members of tuples, named and by their place', () => {
    expect(typeFacts('Array(Tuple(a UInt8, `b c` Tuple(Nullable(String), Date)))')).toEqual({
      type: 'array',
      nullable: false,
      fields: [
        { name: 'a', ordinal: 1, native_type: 'UInt8', type: 'integer', nullable: false },
        {
          name: 'b c',
          ordinal: 2,
          native_type: 'Tuple(Nullable(String), Date)',
          type: 'object',
          nullable: false,
          fields: [
            { name: '1', ordinal: 1, native_type: 'Nullable(String)', type: 'string', nullable: true },
            { name: '2', ordinal: 2, native_type: 'Date', type: 'date', nullable: false },
          ],
        },
      ],
    });
  });

  test('ends at some depth', () => {
    const text = `${'Array('.repeat(10_000)}UInt8${')'.repeat(10_000)}`;
    expect(typeFacts(text)).toEqual({ type: 'array', nullable: false });
  });
});
