import { describe, expect, test } from '@jest/globals';
import { ColumnTally } from './column-tally.js';
import { scalarKind } from './scalar-kind.js';

describe('a text on its own', () => {
  test.each([
    ['', 'blank'],
    ['  \t', 'blank'],
    ['NULL', 'marker'],
    ['\\N', 'marker'],
    ['0', 'integer'],
    ['-12', 'integer'],
    ['+12', 'integer'],
    [' 12 ', 'integer'],
    ['9223372036854775807', 'integer'],
    ['9223372036854775808', 'decimal'],
    ['-9223372036854775808', 'integer'],
    ['9'.repeat(38), 'decimal'],
    ['9'.repeat(39), 'string'],
    ['007', 'string'],
    ['1.5', 'decimal'],
    ['.5', 'decimal'],
    ['-0.25', 'decimal'],
    ['00.5', 'string'],
    ['1.', 'string'],
    ['1,5', 'decimal_comma'],
    ['-0,25', 'decimal_comma'],
    ['1234,567', 'decimal_comma'],
    ['1,234', 'comma_either'],
    ['1,234,567', 'string'],
    ['01,5', 'string'],
    [',5', 'string'],
    ['1e5', 'float'],
    ['1.5E-10', 'float'],
    ['NaN', 'float'],
    ['-Infinity', 'float'],
    ['e5', 'string'],
    ['-e5', 'string'],
    ['-', 'string'],
    ['.', 'string'],
    ['true', 'true_false'],
    ['FALSE', 'true_false'],
    ['T', 't'],
    ['no', 'yes_no'],
    ['2024-02-29', 'date_iso'],
    ['2023-02-29', 'string'],
    ['1900-02-29', 'string'],
    ['2024-13-01', 'string'],
    ['2024/01/31', 'date_ymd'],
    ['31.01.2024', 'date_dotted'],
    ['1.1.2024', 'date_dotted'],
    ['31/01/2024', 'date_dmy'],
    ['01/31/2024', 'date_mdy'],
    ['01/02/2024', 'date_either'],
    ['32/13/2024', 'string'],
    ['12:30', 'time'],
    ['23:59:60', 'time'],
    ['12:30:15.123456789', 'time'],
    ['24:00', 'string'],
    ['2024-01-02T03:04:05', 'timestamp'],
    ['2024-01-02 03:04', 'timestamp'],
    ['2024-01-02 03:04:05.5Z', 'timestamp_tz'],
    ['2024-01-02T03:04:05+02:00', 'timestamp_tz'],
    ['2024-01-02 03:04:05+02', 'timestamp_tz'],
    ['2024-01-02 03:04:05 UTC', 'timestamp_tz'],
    ['2024-01-02T03:04:05+99:00', 'string'],
    ['2024-01-32T03:04:05Z', 'string'],
    ['123e4567-e89b-12d3-a456-426614174000', 'uuid'],
    ['abcd4567-E89B-12d3-a456-426614174000', 'uuid'],
    ['{"a":1}', 'json'],
    ['[1, 2]', 'json'],
    ['[1, 2', 'string'],
    ['{a:1}', 'string'],
    ['hello', 'string'],
    ['1'.repeat(10_000), 'string'],
  ])('%j is %s', (text, kind) => {
    expect(scalarKind(text)).toBe(kind);
  });

  test('costs little, whatever it is', () => {
    const from = performance.now();
    for (const text of ['[', '{"a":', '1', '+', 'a', ' ', '1e', '2024-01-01T'])
      for (let times = 0; times < 20; times++) scalarKind(text.repeat(100_000));
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('a column', () => {
  const column = (...values: string[]) => {
    const tally = new ColumnTally();
    for (const value of values) tally.add(value);
    return [tally.column.form, tally.present];
  };

  test.each([
    [['1', '2'], 'integer', 2],
    [['1', '2.5'], 'decimal', 2],
    [['1', '2.5', '1e5'], 'float', 3],
    [['1', 'x'], 'string', 2],
    [['1', '2,5', '1,234'], 'decimal(comma)', 3],
    [['1,234'], 'string', 1],
    [['1,5', '2.5'], 'string', 2],
    [['1', 'true'], 'string', 2],
    [['1', '', 'NULL'], 'integer', 1],
    [['x', '', 'NULL'], 'string', 2],
    [['', ' '], 'unknown', 0],
    [['NULL'], 'unknown', 0],
    [['true', 'FALSE'], 'boolean(true/false)', 2],
    [['t', 'F'], 'boolean(t/f)', 2],
    [['t', 't'], 'string', 2],
    [['y', 'n'], 'boolean(y/n)', 2],
    [['yes', 'true'], 'string', 2],
    [['01/02/2024', '03/04/2024'], 'date(DD/MM/YYYY or MM/DD/YYYY)', 2],
    [['01/02/2024', '31/12/2024'], 'date(DD/MM/YYYY)', 2],
    [['01/02/2024', '12/31/2024'], 'date(MM/DD/YYYY)', 2],
    [['31/12/2024', '12/31/2024'], 'string', 2],
    [['2024-01-01', '2024-01-01 10:00'], 'timestamp', 2],
    [['2024-01-01 10:00', '2024-01-01 10:00Z'], 'string', 2],
    [['{"a":1}', '[]'], 'json', 2],
  ])('of %j is %s', (values, form, present) => {
    expect(column(...values)).toEqual([form, present]);
  });

  test('of decimals has the digits that all of them need', () => {
    const tally = new ColumnTally();
    for (const value of ['-123', '0.12345', '+1.5']) tally.add(value);
    expect(tally.digits).toEqual({ precision: 8, scale: 5 });
    const comma = new ColumnTally();
    comma.add('-12,5');
    expect(comma.digits).toEqual({ precision: 3, scale: 1 });
  });
});
