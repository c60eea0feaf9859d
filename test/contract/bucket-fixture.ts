import { expect } from '@jest/globals';
import type { Dataset } from '../../src/connectors/spi/index.js';
import type { ContractSource } from './contract-source.js';

/** What the suites of object stores find in a bucket. */
export const OBJECTS: Readonly<Record<string, string>> = {
  'orders/2024-q1.csv': 'id,placed_on,total\n1,2024-01-31,12.50\n2,2024-02-29,3.00\n',
  'orders/2024-q2.csv': 'id,placed_on,total\n3,2024-04-30,1.00\n',
  'events/year=2024/month=12/a.ndjson': '{"id":1,"kind":"login"}\n{"id":2,"kind":"logout"}\n',
  'events/year=2025/month=01/b.ndjson': '{"id":3,"kind":"login"}\n',
  'events/_SUCCESS': '',
  'logs/2024-05-01/app.log': 'one\n',
  'logs/2024-05-02/app.log': 'two\n',
  'broken/data.csv': 'a\u0000b',
  'größe 100% + ü/x&y.csv': 'a,b\n1,2\n',
};

/** The parts of the fixture that are the same for all of them. */
export function bucketFacts(
  bucket: string,
): Pick<ContractSource, 'scopes' | 'datasets' | 'filter' | 'check'> {
  const names = [
    'orders/*.csv',
    'events/year=*/month=*/*.ndjson',
    'logs/{date}/*.log',
    'broken/*.csv',
    'größe 100% + ü/*.csv',
  ];
  return {
    scopes: [bucket],
    datasets: names.map((name) => `${bucket}.${name}`),
    filter: {
      include: [`${bucket}.orders/*`, `${bucket}.events/*`],
      exclude: ['*.ndjson'],
      leaves: [`${bucket}.orders/*.csv`],
    },
    check: (found) => checkObjects(found, bucket),
  };
}

function checkObjects(found: ReadonlyMap<string, Dataset>, bucket: string): void {
  const typesOf = (name: string) =>
    found.get(`${bucket}.${name}`)?.fields.map(({ name: field, type }) => [field, type]);
  expect(found.get(`${bucket}.orders/*.csv`)).toMatchObject({
    kind: 'file',
    row_estimate: expect.any(Number),
    size_bytes: 93,
    properties: { format: 'csv', objects: 2, delimiter: ',' },
  });
  expect(typesOf('orders/*.csv')).toEqual([
    ['id', 'integer'],
    ['placed_on', 'date'],
    ['total', 'decimal'],
  ]);
  expect(found.get(`${bucket}.events/year=*/month=*/*.ndjson`)).toMatchObject({
    partitioning: 'HIVE (year, month)',
    properties: {
      format: 'json',
      objects: 2,
      partition_year: ['2024', '2025'],
      partition_month: ['01', '12'],
    },
  });
  expect(typesOf('events/year=*/month=*/*.ndjson')).toEqual([
    ['id', 'integer'],
    ['kind', 'string'],
    ['year', 'integer'],
    ['month', 'integer'],
  ]);
  expect(found.get(`${bucket}.logs/{date}/*.log`)?.properties).toMatchObject({ format: 'log', objects: 2 });
  expect(found.get(`${bucket}.broken/*.csv`)?.properties).toMatchObject({
    objects: 1,
    sample_fault: expect.stringContaining('FILE_UNREADABLE'),
  });
  expect(typesOf('größe 100% + ü/*.csv')).toEqual([
    ['a', 'integer'],
    ['b', 'integer'],
  ]);
}
