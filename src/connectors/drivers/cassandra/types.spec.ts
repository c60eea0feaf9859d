import { describe, expect, test } from '@jest/globals';
import { describeType, literal, quote, unquoted, type UserTypes } from './types.js';

const NONE: UserTypes = new Map();

describe('a type of Cassandra', () => {
  test.each([
    ['text', 'string'],
    ['counter', 'integer'],
    ['timestamp', 'timestamp_tz'],
    ['duration', 'interval'],
    ['inet', 'network'],
    ['map<text, frozen<list<int>>>', 'map'],
    ['set<uuid>', 'array'],
    ['tuple<int, text>', 'array'],
    ['vector<float, 3>', 'array'],
    ['frozen<frozen<date>>', 'date'],
    ["'org.apache.cassandra.db.marshal.DynamicCompositeType(a=>b)'", 'unknown'],
    ['constructor', 'unknown'],
    ['no_such_type', 'unknown'],
    ['', 'unknown'],
    ['list<', 'unknown'],
  ])('%s is %s', (written, type) => {
    expect(describeType(written, NONE)).toEqual({ type });
  });

  const types: UserTypes = new Map([
    [
      'address',
      [
        ['street', 'text'],
        ['point', 'frozen<"Geo Point">'],
      ],
    ],
    ['Geo Point', [['lat', 'double']]],
  ]);

  test('of one’s own has its fields, in lists and in others of its kind', () => {
    const address = {
      fields: [
        { name: 'street', ordinal: 1, native_type: 'text', type: 'string', nullable: true },
        {
          name: 'point',
          ordinal: 2,
          native_type: 'frozen<"Geo Point">',
          type: 'object',
          fields: [{ name: 'lat', ordinal: 1, native_type: 'double', type: 'float', nullable: true }],
          nullable: true,
        },
      ],
    };
    expect(describeType('frozen<address>', types)).toEqual({ type: 'object', ...address });
    expect(describeType('list<frozen<address>>', types)).toEqual({ type: 'array', ...address });
  });

  test('that holds itself, which no server allows, has an end', () => {
    const loop: UserTypes = new Map([['loop', [['next', 'frozen<list<frozen<loop>>>']]]]);
    expect(JSON.stringify(describeType('loop', loop)).length).toBeLessThan(2_000);
  });
});

describe('names and texts in CQL', () => {
  test('are written so that they end where they end', () => {
    expect(quote('a"b; DROP')).toBe('"a""b; DROP"');
    expect(literal("it's")).toBe("'it''s'");
    for (const name of ['plain', 'a"b', ' x ', '"']) expect(unquoted(quote(name))).toBe(name);
    expect(unquoted(' plain ')).toBe('plain');
  });
});
