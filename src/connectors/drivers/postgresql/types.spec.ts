import { describe, expect, test } from '@jest/globals';
import { normalizeType, sizesOf } from './types.js';

describe('normalizeType', () => {
  test.each([
    ['int8', 'N', 'integer'],
    ['numeric', 'N', 'decimal'],
    ['float4', 'N', 'float'],
    ['varchar', 'S', 'string'],
    ['citext', 'S', 'string'],
    ['bytea', 'U', 'binary'],
    ['timestamptz', 'D', 'timestamp_tz'],
    ['interval', 'T', 'interval'],
    ['jsonb', 'U', 'json'],
    ['_int4', 'A', 'array'],
    ['mood', 'E', 'enum'],
    ['address', 'C', 'object'],
    ['int4range', 'R', 'unknown'],
    ['inet', 'I', 'network'],
    ['macaddr', 'U', 'network'],
    ['polygon', 'G', 'geometry'],
    ['geography', 'U', 'geometry'],
    ['hstore', 'U', 'map'],
    ['constructor', 'U', 'unknown'],
  ])('%s of category %s is %s', (name, category, type) => {
    expect(normalizeType(name, category)).toBe(type);
  });
});

describe('sizesOf', () => {
  test.each([
    ['varchar', 44, { max_length: 40 }],
    ['bpchar', 5, { max_length: 1 }],
    ['varbit', 7, { max_length: 7 }],
    ['numeric', ((12 << 16) | 2) + 4, { precision: 12, scale: 2 }],
    ['numeric', ((5 << 16) | (-3 & 0x7ff)) + 4, { precision: 5, scale: -3 }],
    ['timestamptz', 3, { precision: 3 }],
    ['timestamptz', 0, { precision: 0 }],
    ['varchar', -1, {}],
    ['interval', 2147418112, {}],
  ])('%s with modifier %d', (name, modifier, sizes) => {
    expect(sizesOf(name, modifier)).toEqual(sizes);
  });
});
