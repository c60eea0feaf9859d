import { expect, test } from '@jest/globals';
import { ObjectGroups } from './object-groups.js';

const groupsOf = (paths: readonly string[], groups = new ObjectGroups()) => {
  for (const [at, path] of paths.entries())
    groups.add({
      path,
      size: 10,
      version: String(at),
      modified_at: `2024-01-01T00:00:${String(at % 60).padStart(2, '0')}Z`,
    });
  return groups.list();
};
const names = (paths: readonly string[], groups?: ObjectGroups) =>
  groupsOf(paths, groups).map(({ name, group }) => `${name} ${String(group.files)}`);

test('groups by folder and format', () => {
  expect(
    names([
      'a.csv',
      'b.csv',
      'logs/x.csv.gz',
      'logs/y.json',
      'logs/z.JSONL',
      'raw/data',
      'raw/v1.2 final',
      'top/',
    ]),
  ).toEqual(['*.csv 2', 'logs/*.JSONL 1', 'logs/*.csv.gz 1', 'logs/*.json 1', 'raw/* 2']);
});

test('takes hive partitions for columns, with their types', () => {
  const [only, ...others] = groupsOf([
    'events/year=2024/day=2024-01-31/country=DE/a.parquet',
    'events/year=2025/day=2025-02-01/country=a%20b/b.parquet',
    'events/year=2025/day=__HIVE_DEFAULT_PARTITION__/country=FR/c.parquet',
    'events/_SUCCESS',
  ]);
  expect(others).toEqual([]);
  expect(only?.name).toBe('events/year=*/day=*/country=*/*.parquet');
  expect(
    [...(only?.group.partitions.values() ?? [])].map(({ name, type, values }) => [name, type, [...values]]),
  ).toEqual([
    ['year', 'integer', ['2024', '2025']],
    ['day', 'date', ['2024-01-31', '2025-02-01']],
    ['country', 'string', ['DE', 'a b', 'FR']],
  ]);
  expect(only?.group.newest?.path).toContain('/c.parquet');
});

test('takes folders of dates and numbers for one', () => {
  expect(names(['in/2024-01-31/a.csv', 'in/2024-02-01/b.csv', 'u/17/x.json', 'u/18/x.json'])).toEqual([
    'in/{date}/*.csv 2',
    'u/{id}/*.json 2',
  ]);
});

test('knows tables by their logs, whatever else is in their folders', () => {
  expect(
    groupsOf([
      'd/_delta_log/00000000000000000000.json',
      'd/day=1/part-0.parquet',
      'h/.hoodie/hoodie.properties',
      'h/p/x.parquet',
      'i/metadata/v1.metadata.json',
      'i/data/y.parquet',
      'plain/metadata/notes.txt',
    ]).map(({ name, table, group }) => [name, table, group.format.format]),
  ).toEqual([
    ['d', 'delta_lake', 'delta_lake'],
    ['h', 'hudi', 'hudi'],
    ['i', 'iceberg', 'iceberg'],
    ['plain/metadata/*.txt', undefined, 'txt'],
  ]);
});

test('lists keys as they are, whatever is in them', () => {
  expect(
    names(['../../etc/passwd', '/abs/a.csv', 'a//b.csv', './x.csv', '__proto__/constructor.csv']),
  ).toEqual(['../../etc/* 1', './*.csv 1', '/abs/*.csv 1', '__proto__/*.csv 1', 'a//*.csv 1']);
});

test('stays small whatever the keys are', () => {
  const random = (at: number): string => `k${String(at)}x`;
  const many = Array.from({ length: 20_000 }, (_, at) => `${random(at)}/${random(at * 7)}/y.csv`);
  expect(names(many, new ObjectGroups(1_000, 100))).toEqual(['{name}/{name}/*.csv 20000']);
  const markers = Array.from({ length: 20_000 }, (_, at) => `${random(at)}/${random(at * 7)}/_SUCCESS`);
  expect(names(markers, new ObjectGroups(1_000, 100))).toEqual([]);
  const columns = Array.from(
    { length: 20_000 },
    (_, at) => `${random(at)}=1/y${String(at % 50)}.e${random(at)}`,
  );
  const found = groupsOf(columns, new ObjectGroups(1_000, 100));
  expect(found.length).toBeLessThan(200);
  expect(found.reduce((sum, { group }) => sum + group.files, 0)).toBe(20_000);
});

test('has a state that names and versions change, and the order does not', () => {
  const stateOf = (files: readonly (readonly [string, string])[]) => {
    const groups = new ObjectGroups();
    for (const [path, version] of files) groups.add({ path, size: 1, version });
    return JSON.stringify(groups.list().map(({ group }) => group.state));
  };
  const one = stateOf([
    ['a.csv', '1'],
    ['b.csv', '2'],
  ]);
  expect(
    stateOf([
      ['b.csv', '2'],
      ['a.csv', '1'],
    ]),
  ).toBe(one);
  expect(
    stateOf([
      ['a.csv', '2'],
      ['b.csv', '1'],
    ]),
  ).not.toBe(one);
  expect(
    stateOf([
      ['a.csv', '1'],
      ['c.csv', '2'],
    ]),
  ).not.toBe(one);
});
