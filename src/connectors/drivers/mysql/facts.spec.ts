import { describe, expect, test } from '@jest/globals';
import { nameFilter } from '../../families/sql/name-filter.js';
import { fieldOf, partsOf, type SchemaFacts } from './assemble.js';
import { explained, MYSQL_CODES } from './codes.js';
import { flavorOf, type Row } from './line.js';
import { checks, columns, indexes, scopeCounts, tables } from './queries.js';
import { quote, remedyFor } from './remedies.js';
import { membersOf, normalizedType } from './types.js';

describe('which server answers', () => {
  test.each([
    ['10.11.19-MariaDB-0+deb12u1', 'Debian 12', 'MariaDB', '10.11.19', 101_119],
    ['5.5.5-10.4.8-MariaDB', '', 'MariaDB', '10.4.8', 100_408],
    ['8.0.36', 'MySQL Community Server - GPL', 'MySQL', '8.0.36', 80_036],
    ['5.7.44-log', '', 'MySQL', '5.7.44', 50_744],
    ['8.0.11-TiDB-v7.5.0', 'TiDB Server', 'MySQL (TiDB)', '8.0.11', 80_011],
    ['8.0.35-27', 'Percona Server (GPL)', 'MySQL (Percona)', '8.0.35', 80_035],
    ['nonsense', '', 'MySQL', 'unknown', 0],
  ])('%s, %s', (version, comment, product, plain, number) => {
    expect(flavorOf(version, comment)).toMatchObject({ product, version: plain, number });
  });
});

describe('the statements', () => {
  const names = nameFilter([], []);
  const where = { schema: 'shop', names };
  const [mysql57, mysql8, mariadb] = [
    flavorOf('5.7.44', ''),
    flavorOf('8.0.36', ''),
    flavorOf('10.11.19-MariaDB', ''),
  ];

  test('ask each server only for what it has', () => {
    expect(columns(where, flavorOf('5.6.51', '')).sql).not.toContain('GENERATION_EXPRESSION');
    for (const flavor of [mysql57, mysql8, mariadb])
      expect(columns(where, flavor).sql).toContain('GENERATION_EXPRESSION');
    expect(indexes(where, mysql8).sql).toContain('EXPRESSION');
    expect(indexes(where, mariadb).sql).not.toContain('EXPRESSION');
    expect(checks(where, mysql57)).toBeUndefined();
    expect(checks(where, mysql8)?.sql).toContain('TABLE_CONSTRAINTS');
    expect(checks(where, mariadb)?.sql).not.toContain('TABLE_CONSTRAINTS');
  });

  test('bind every name, and escape patterns without the backslash', () => {
    const filter = nameFilter(["a_b.*'|"], ['x\\y.%']);
    const { sql, values } = tables({ schema: "sh'op", names: filter });
    expect(sql).not.toMatch(/sh'op|a_b|x\\y/);
    expect(values).toEqual(["sh'op", "a|_b.%'||", 'x\\y.|%']);
    expect(scopeCounts(filter, undefined).values).toEqual(["a|_b.%'||", 'x\\y.|%']);
    expect(tables({ schema: 's', names: filter, table: 't' }).values).toEqual(['s', 't']);
  });
});

describe('types', () => {
  test.each([
    ['tinyint', 'tinyint(1)', 'boolean'],
    ['tinyint', 'tinyint(4)', 'integer'],
    ['bit', 'bit(1)', 'boolean'],
    ['bit', 'bit(8)', 'binary'],
    ['decimal', 'decimal(10,2)', 'decimal'],
    ['datetime', 'datetime(6)', 'timestamp'],
    ['timestamp', 'timestamp', 'timestamp_tz'],
    ['geomcollection', 'geomcollection', 'geometry'],
    ['strange', 'strange', 'unknown'],
  ])('%s %s', (data, column, type) => {
    expect(normalizedType(data, column)).toBe(type);
  });

  test('members of enums and sets', () => {
    expect(membersOf("enum('a','it''s','x,y','')")).toEqual(['a', "it's", 'x,y', '']);
    expect(membersOf("set('a')")).toEqual(['a']);
    expect(membersOf('varchar(3)')).toBeUndefined();
  });
});

describe('a column', () => {
  const column = (more: Partial<Record<number, Row[number]>>): Row => {
    const row: Row[number][] = ['t', 1, 'c', null, 'YES', 'int', 'int', null, 10, 0, null, '', '', ''];
    for (const [at, value] of Object.entries(more)) row[Number(at)] = value ?? null;
    return row;
  };

  test('of MariaDB that may be null has no default NULL; the text of MySQL stands as it is', () => {
    expect(fieldOf(column({ 3: 'NULL' }), true, false)).not.toHaveProperty('default');
    expect(fieldOf(column({ 3: 'NULL' }), false, false).default).toBe('NULL');
    expect(fieldOf(column({ 3: "'x'" }), true, false).default).toBe("'x'");
  });

  test('that is generated has an expression and no default', () => {
    const field = fieldOf(column({ 3: 'NULL', 11: 'STORED GENERATED', 13: '`a` + 1' }), false, false);
    expect(field).toMatchObject({ generated: '`a` + 1' });
    expect(field).not.toHaveProperty('default');
  });
});

describe('a table of MySQL 8', () => {
  const none = new Map<string, never[]>();
  const facts = (more: Partial<SchemaFacts>): SchemaFacts => ({
    schema: 's',
    tables: [],
    columns: new Map([
      ['t', [{ name: 'a', ordinal: 1, native_type: 'int', type: 'integer', nullable: true }]],
    ]),
    indexes: none,
    foreignKeys: none,
    foreignKeyColumns: none,
    checks: none,
    partitions: none,
    views: none,
    ...more,
  });
  const table: Row = ['t', 'BASE TABLE', 'InnoDB', null, '', '', '2026-01-01', 3, 16384, 0];

  test('may have an index over an expression, which is no key', () => {
    const rows: Row[] = [
      ['t', 'i', 1, 0, null, null, 'BTREE', 'lower(`a`)'],
      ['t', 'i', 2, 0, 'a', null, 'BTREE', null],
    ];
    const parts = partsOf(facts({ indexes: new Map([['t', rows]]) }), table);
    expect(parts?.indexes).toEqual([
      { name: 'i', columns: ['(lower(`a`))', 'a'], unique: true, method: 'btree' },
    ]);
    expect(parts?.constraints).toEqual([]);
  });

  test('that is gone since its name was read is left out', () => {
    expect(partsOf(facts({ columns: new Map() }), table)).toBeUndefined();
  });
});

describe('faults', () => {
  test('have a name that we know, whatever mysql2 calls them', () => {
    const codeOf = (error: unknown) =>
      MYSQL_CODES[(explained(error) as { code: keyof typeof MYSQL_CODES }).code] ?? explained(error);
    expect(codeOf({ errno: 1969, code: 'UNKNOWN_CODE_PLEASE_REPORT' })).toBe('TIMEOUT');
    expect(codeOf({ errno: 4151, code: 'ER_BULK_PARSER_INCOMPLETE_ESCAPE_SEQUENCE' })).toBe('AUTH_FAILED');
    expect(codeOf({ errno: 1045, code: 'ER_ACCESS_DENIED_ERROR' })).toBe('AUTH_FAILED');
    expect(explained(new TypeError('x'))).toMatchObject({ code: 'PROTOCOL' });
    expect(explained(new Error("Can't add new command when connection is in closed state"))).toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  test('have remedies whose statements quote whatever the names are', () => {
    const config = { host: 'h', username: "o'x\\", database: 'a`b' };
    expect(quote('a`b')).toBe('`a``b`');
    expect(remedyFor('PERMISSION_DENIED', config)?.sql?.[0]).toBe(
      "GRANT SELECT, SHOW VIEW ON `a``b`.* TO 'o''x\\\\'@'%';",
    );
    for (const code of ['AUTH_FAILED', 'DATABASE_NOT_FOUND', 'THROTTLED', 'TLS_FAILED'] as const)
      expect(remedyFor(code, config)?.sql?.length).toBeGreaterThan(0);
    expect(remedyFor('UNREACHABLE', config)).toBeUndefined();
  });
});
