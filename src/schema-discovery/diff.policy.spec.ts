import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dataset, Field, NormalizedType } from '../connectors/spi/index.js';
import { BREAKING, CHANGE_TYPES, isWidening } from './change-rules.policy.js';
import { diffDatasets, type Change } from './diff.policy.js';

const field = (name: string, changes: Partial<Field> = {}): Field => ({
  name,
  ordinal: 1,
  native_type: 'integer',
  type: 'integer',
  nullable: true,
  ...changes,
});
const dataset = (fields: Field[], changes: Partial<Dataset> = {}): Dataset => ({
  schema: 's',
  name: 't',
  kind: 'table',
  fields: fields.map((each, at) => ({ ...each, ordinal: at + 1 })),
  ...changes,
});
const fields = (before: Field[], after: Field[], changes: Partial<Dataset> = {}): Change[] =>
  diffDatasets(dataset(before, changes), dataset(after, changes));

describe('the difference of two versions', () => {
  it('of nothing and something', () => {
    const some = dataset([field('a'), field('b')]);
    expect(diffDatasets(undefined, some)).toEqual([
      { type: 'dataset_added', after: { kind: 'table', fields: 2 }, breaking: false },
    ]);
    expect(diffDatasets(some, undefined)).toEqual([
      { type: 'dataset_removed', before: { kind: 'table', fields: 2 }, breaking: true },
    ]);
    expect(diffDatasets(undefined, undefined)).toEqual([]);
  });

  it('is empty where only estimates moved or keys stand in another order', () => {
    const one = dataset([field('a')], { row_estimate: 1, primary_key: { name: 'k', columns: ['a'] } });
    const two = dataset([field('a')], { row_estimate: 2, primary_key: { columns: ['a'], name: 'k' } });
    expect(diffDatasets(one, two)).toEqual([]);
  });

  it('names a removed field and does not tell that the ones behind it moved up', () => {
    expect(fields([field('a'), field('b'), field('c')], [field('a'), field('c')])).toMatchObject([
      { type: 'field_removed', path: 'b', breaking: true },
    ]);
    expect(fields([field('a'), field('b')], [field('b'), field('a')])).toEqual([
      { type: 'field_order_changed', before: ['a', 'b'], after: ['b', 'a'], breaking: false },
    ]);
  });

  it.each<[Partial<Field>, Partial<Dataset>, boolean]>([
    [{}, {}, false],
    [{ nullable: false }, {}, true],
    [{ nullable: false, default: '0' }, {}, false],
    [{ nullable: false, identity: 'always' }, {}, false],
    [{ nullable: false, generated: 'a + 1' }, {}, false],
    [{ nullable: false }, { kind: 'view' }, false],
  ])('a new field %j in %j breaks: %s', (facts, kind, breaking) => {
    expect(fields([field('a')], [field('a'), field('b', facts)], kind)).toMatchObject([
      { type: 'field_added', path: 'b', breaking },
    ]);
  });

  const text = (max_length?: number): Partial<Field> => ({
    type: 'string',
    native_type: max_length === undefined ? 'text' : `varchar(${String(max_length)})`,
    ...(max_length === undefined ? {} : { max_length }),
  });
  const number = (native_type: string): Partial<Field> => ({ native_type });
  const decimal = (precision?: number, scale?: number): Partial<Field> => ({
    type: 'decimal',
    native_type: `numeric(${String(precision)},${String(scale)})`,
    ...(precision === undefined ? {} : { precision }),
    ...(scale === undefined ? {} : { scale }),
  });
  it.each<[Partial<Field>, Partial<Field>, boolean]>([
    [text(10), text(20), false],
    [text(20), text(10), true],
    [text(10), text(), false],
    [text(), text(10), true],
    [number('smallint'), number('bigint'), false],
    [number('int4'), number('bigint'), false],
    [number('bigint'), number('integer'), true],
    [number('int unsigned'), number('bigint'), true],
    [decimal(10, 2), decimal(12, 2), false],
    [decimal(10, 2), decimal(12, 4), false],
    [decimal(10, 2), decimal(10, 4), true],
    [decimal(10, 2), decimal(), false],
    [decimal(), decimal(10, 2), true],
    [number('integer'), text(), true],
    [{ type: 'date', native_type: 'date' }, { type: 'timestamp', native_type: 'timestamp' }, true],
  ])('%j to %j breaks: %s', (before, after, breaking) => {
    expect(fields([field('a', before)], [field('a', after)])).toMatchObject([
      { type: 'field_type_changed', path: 'a', breaking },
    ]);
  });

  it.each<[Partial<Field>, Partial<Field>, string, boolean]>([
    [{ nullable: true }, { nullable: false }, 'field_nullability_changed', true],
    [{ nullable: false }, { nullable: true }, 'field_nullability_changed', true],
    [{ default: '1' }, { default: '2' }, 'field_default_changed', false],
    [{ default: '1', nullable: false }, { nullable: false }, 'field_default_changed', true],
    [{}, { generated: 'b + 1' }, 'field_generation_changed', true],
    [{}, { identity: 'by_default' }, 'field_generation_changed', false],
    [{ values: ['a'] }, { values: ['a', 'b'] }, 'field_values_changed', false],
    [{ values: ['a', 'b'] }, { values: ['b'] }, 'field_values_changed', true],
    [{ comment: 'x' }, {}, 'field_comment_changed', false],
    [{ collation: 'C' }, { collation: 'de' }, 'field_collation_changed', false],
  ])('%j to %j is %s and breaks: %s', (before, after, type, breaking) => {
    expect(fields([field('a', before)], [field('a', after)])).toMatchObject([{ type, path: 'a', breaking }]);
  });

  it('goes into nested fields', () => {
    const address = (inner: Field[]): Field => field('address', { type: 'object', fields: inner });
    expect(
      fields([address([field('zip'), field('city')])], [address([field('zip', { comment: 'x' })])]),
    ).toMatchObject([
      { type: 'field_removed', path: 'address.city' },
      { type: 'field_comment_changed', path: 'address.zip' },
    ]);
  });

  it('tells of keys, checks, indexes, comments, kinds and definitions', () => {
    const key = (name: string, ...columns: string[]) => ({ name, columns });
    const before = dataset([field('a')], {
      comment: 'old',
      primary_key: key('pk', 'a'),
      unique_keys: [key('u1', 'a'), key('u2', 'a')],
      checks: [{ name: 'c', expression: 'a > 0' }],
      indexes: [{ name: 'i', columns: ['a'], unique: false }],
    });
    const after = dataset([field('a')], {
      kind: 'view',
      definition: 'select',
      unique_keys: [key('u2', 'b'), key('u3', 'a')],
      foreign_keys: [{ ...key('f', 'a'), references: { schema: 's', dataset: 'x', columns: ['id'] } }],
      indexes: [{ name: 'i', columns: ['a'], unique: true }],
    });
    const found = diffDatasets(before, after).map(({ type, path, breaking }) => [type, path, breaking]);
    expect(found).toEqual([
      ['dataset_kind_changed', undefined, true],
      ['dataset_comment_changed', undefined, false],
      ['dataset_definition_changed', undefined, false],
      ['primary_key_removed', 'pk', true],
      ['unique_key_removed', 'u1', true],
      ['unique_key_changed', 'u2', true],
      ['unique_key_added', 'u3', true],
      ['foreign_key_added', 'f', true],
      ['check_removed', 'c', false],
      ['index_changed', 'i', false],
    ]);
  });
});

describe('properties of the difference', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor');
  const type = fc.constantFrom<NormalizedType>('integer', 'string', 'decimal', 'enum');
  const anyField: fc.Arbitrary<Field> = fc.record(
    {
      name,
      ordinal: fc.nat(9),
      native_type: fc.constantFrom('integer', 'bigint', 'text'),
      type,
      nullable: fc.boolean(),
      default: fc.constantFrom('0', 'now()'),
      comment: fc.string(),
      max_length: fc.nat(50),
      values: fc.array(fc.string()),
    },
    { requiredKeys: ['name', 'ordinal', 'native_type', 'type', 'nullable'] },
  );
  const keys = fc.uniqueArray(fc.record({ name, columns: fc.array(name) }), { selector: (key) => key.name });
  const anyDataset: fc.Arbitrary<Dataset> = fc
    .record(
      {
        kind: fc.constantFrom('table', 'view'),
        comment: fc.string(),
        fields: fc.uniqueArray(anyField, { selector: (each) => each.name }),
        unique_keys: keys,
        row_estimate: fc.nat(),
      },
      { requiredKeys: ['kind', 'fields'] },
    )
    .map((parts) => ({ schema: 's', name: 't', ...parts }));

  it('nothing differs from itself', () => {
    fc.assert(fc.property(anyDataset, (one) => expect(diffDatasets(one, structuredClone(one))).toEqual([])));
  });

  it('backwards is the mirror of forwards', () => {
    const mirrored = (type: string): string =>
      type.endsWith('_added') ? type.replace('_added', '_removed') : type.replace('_removed', '_added');
    const shape = (changes: Change[], turn: (type: string) => string): string[] =>
      changes.map(({ type: of, path }) => `${turn(of)} ${path ?? ''}`).sort();
    fc.assert(
      fc.property(anyDataset, anyDataset, (a, b) => {
        expect(shape(diffDatasets(b, a), mirrored)).toEqual(shape(diffDatasets(a, b), (same) => same));
      }),
    );
  });

  it('every field on one side only is told exactly once', () => {
    fc.assert(
      fc.property(anyDataset, anyDataset, (a, b) => {
        const changes = diffDatasets(a, b);
        const told = (of: string): (string | undefined)[] =>
          changes
            .filter((change) => change.type === of)
            .map(({ path }) => path)
            .sort();
        const only = (x: Dataset, y: Dataset): string[] =>
          x.fields
            .map((each) => each.name)
            .filter((each) => !y.fields.some((other) => other.name === each))
            .sort();
        expect(told('field_removed')).toEqual(only(a, b));
        expect(told('field_added')).toEqual(only(b, a));
      }),
    );
  });

  it('keeps to the table of what breaks', () => {
    expect(Object.keys(BREAKING).sort()).toEqual([...CHANGE_TYPES].sort());
    fc.assert(
      fc.property(anyDataset, anyDataset, (a, b) => {
        for (const { type: of, breaking } of diffDatasets(a, b))
          if (BREAKING[of] !== 'depends') expect(breaking).toBe(BREAKING[of]);
      }),
    );
  });

  it('a text is widened by room alone', () => {
    const sized = (max_length: number): Field => field('a', { type: 'string', max_length });
    fc.assert(
      fc.property(fc.nat(99), fc.nat(99), (a, b) => expect(isWidening(sized(a), sized(b))).toBe(b >= a)),
    );
  });
});
