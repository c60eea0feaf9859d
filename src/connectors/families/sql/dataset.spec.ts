import { describe, expect, test } from '@jest/globals';
import { buildDataset } from './dataset.js';
import type { RelationFacts } from './sql-driver.js';

const table: RelationFacts = { schema: 's', name: 't', kind: 'table' };

describe('buildDataset', () => {
  test('leaves out what is not known, and says what was looked for', () => {
    expect(buildDataset({ relation: table, fields: [], constraints: [], indexes: [] })).toEqual({
      schema: 's',
      name: 't',
      kind: 'table',
      fields: [],
      unique_keys: [],
      foreign_keys: [],
      checks: [],
      indexes: [],
    });
  });

  test('keeps estimates of zero', () => {
    const relation = { ...table, rowEstimate: 0, sizeBytes: 0 };
    expect(buildDataset({ relation, fields: [], constraints: [], indexes: [] })).toMatchObject({
      row_estimate: 0,
      size_bytes: 0,
    });
  });

  test('sorts constraints by their kind', () => {
    const references = { schema: 's', dataset: 'u', columns: ['id'] };
    const dataset = buildDataset({
      relation: table,
      fields: [],
      constraints: [
        { kind: 'check', name: 'c', expression: 'a > 0' },
        { kind: 'foreign', name: 'f', columns: ['a'], references },
        { kind: 'unique', name: 'u', columns: ['a', 'b'] },
        { kind: 'primary', name: 'p', columns: ['a'] },
      ],
      indexes: [],
    });
    expect(dataset).toMatchObject({
      primary_key: { name: 'p', columns: ['a'] },
      unique_keys: [{ name: 'u', columns: ['a', 'b'] }],
      foreign_keys: [{ name: 'f', columns: ['a'], references }],
      checks: [{ name: 'c', expression: 'a > 0' }],
    });
    expect(dataset.primary_key).not.toHaveProperty('kind');
  });

  test('a view has no constraints to look for', () => {
    const relation: RelationFacts = { ...table, kind: 'view', definition: 'select 1' };
    const dataset = buildDataset({ relation, fields: [], constraints: [], indexes: [] });
    expect(dataset).toEqual({ schema: 's', name: 't', kind: 'view', fields: [], definition: 'select 1' });
  });
});
