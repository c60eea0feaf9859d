import type { Dataset, Field } from '../connectors/spi/index.js';
import { BREAKING, isWidening, type ChangeType } from './change-rules.policy.js';

/** One difference; `path` names the field (dotted where nested), key or index, and is absent for the dataset itself. */
export interface Change {
  readonly type: ChangeType;
  readonly path?: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly breaking: boolean;
}

/** Compares two versions of one dataset; undefined is "not there". Estimates of rows and bytes are no difference. */
export function diffDatasets(before: Dataset | undefined, after: Dataset | undefined): Change[] {
  if (before && after) return compare(before, after);
  if (after) return [{ type: 'dataset_added', after: brief(after), breaking: false }];
  if (before) return [{ type: 'dataset_removed', before: brief(before), breaking: true }];
  return [];
}

function brief({ kind, fields }: Dataset): object {
  return { kind, fields: fields.length };
}

function compare(before: Dataset, after: Dataset): Change[] {
  const changes: Change[] = [];
  for (const [type, fact] of DATASET_FACTS) add(changes, type, undefined, fact(before), fact(after));
  compareFields(changes, before.fields, after.fields, '', isWritable(after));
  for (const [part, list] of KEY_LISTS) compareNamed(changes, part, list(before), list(after));
  return changes;
}

const DATASET_FACTS: readonly (readonly [ChangeType, (dataset: Dataset) => unknown])[] = [
  ['dataset_kind_changed', ({ kind }) => kind],
  ['dataset_comment_changed', ({ comment }) => comment],
  ['dataset_definition_changed', ({ definition }) => definition],
  [
    'dataset_partitioning_changed',
    ({ partitioning, partition_of }) =>
      partitioning === undefined && partition_of === undefined ? undefined : { partitioning, partition_of },
  ],
  ['dataset_properties_changed', ({ properties }) => properties],
];

/** Into a view nobody inserts rows that a new column could refuse. */
function isWritable({ kind }: Dataset): boolean {
  return kind !== 'view' && kind !== 'materialized_view';
}

/** Records a change where the two sides differ, judged by the table of rules or, where that says it depends, by `breaks`. */
function add(
  changes: Change[],
  type: ChangeType,
  path: string | undefined,
  before: unknown,
  after: unknown,
  breaks = false,
): void {
  if (same(before, after)) return;
  const rule = BREAKING[type];
  changes.push({
    type,
    ...(path === undefined ? {} : { path }),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    breaking: rule === 'depends' ? breaks : rule,
  });
}

function compareFields(
  changes: Change[],
  before: readonly Field[],
  after: readonly Field[],
  parent: string,
  writable: boolean,
): void {
  const old = new Map(before.map((field) => [field.name, field]));
  const now = new Map(after.map((field) => [field.name, field]));
  for (const [name, field] of old)
    if (!now.has(name)) add(changes, 'field_removed', parent + name, typeOf(field), undefined);
  for (const [name, field] of now) {
    const known = old.get(name);
    if (known) compareField(changes, known, field, parent + name, writable);
    else {
      const required = !field.nullable && field.default === undefined && !filledBySource(field);
      add(changes, 'field_added', parent + name, undefined, typeOf(field), writable && required);
    }
  }
  // A field that came or went shifts the ones behind it; only a new order of those that stayed is told.
  const kept = (fields: readonly Field[], others: ReadonlyMap<string, Field>): string[] =>
    byOrdinal(fields).filter((name) => others.has(name));
  add(changes, 'field_order_changed', parent.slice(0, -1) || undefined, kept(before, now), kept(after, old));
}

function compareField(changes: Change[], before: Field, after: Field, path: string, writable: boolean): void {
  add(changes, 'field_type_changed', path, typeOf(before), typeOf(after), !isWidening(before, after));
  add(changes, 'field_nullability_changed', path, before.nullable, after.nullable);
  const missed = !after.nullable && after.default === undefined && !filledBySource(after);
  add(changes, 'field_default_changed', path, before.default, after.default, writable && missed);
  // A value that is always the source's own can no longer be written.
  const locked = after.identity === 'always' || after.generated !== undefined;
  add(
    changes,
    'field_generation_changed',
    path,
    generation(before),
    generation(after),
    locked || !after.nullable,
  );
  const lost = before.values?.some((value) => !after.values?.includes(value)) ?? false;
  add(changes, 'field_values_changed', path, before.values, after.values, lost);
  add(changes, 'field_collation_changed', path, before.collation, after.collation);
  add(changes, 'field_comment_changed', path, before.comment, after.comment);
  if (before.fields || after.fields)
    compareFields(changes, before.fields ?? [], after.fields ?? [], `${path}.`, writable);
}

function typeOf({ type, native_type, max_length, precision, scale }: Field): object {
  return { type, native_type, max_length, precision, scale };
}

function generation({ identity, generated }: Field): unknown {
  return identity === undefined && generated === undefined ? undefined : { identity, generated };
}

function filledBySource({ identity, generated }: Field): boolean {
  return identity !== undefined || generated !== undefined;
}

function byOrdinal(fields: readonly Field[]): string[] {
  return [...fields].sort((a, b) => a.ordinal - b.ordinal).map(({ name }) => name);
}

interface Named {
  readonly name: string;
}
type Part = 'primary_key' | 'unique_key' | 'foreign_key' | 'check' | 'index';

const KEY_LISTS: readonly (readonly [Part, (dataset: Dataset) => readonly Named[]])[] = [
  ['primary_key', ({ primary_key }) => (primary_key ? [primary_key] : [])],
  ['unique_key', ({ unique_keys }) => unique_keys ?? []],
  ['foreign_key', ({ foreign_keys }) => foreign_keys ?? []],
  ['check', ({ checks }) => checks ?? []],
  ['index', ({ indexes }) => indexes ?? []],
];

function compareNamed(
  changes: Change[],
  part: Part,
  before: readonly Named[],
  after: readonly Named[],
): void {
  const old = new Map(before.map((item) => [item.name, item]));
  const now = new Map(after.map((item) => [item.name, item]));
  for (const [name, item] of old) {
    const next = now.get(name);
    if (next) add(changes, `${part}_changed`, name, item, next);
    else add(changes, `${part}_removed`, name, item, undefined);
  }
  for (const [name, item] of now) if (!old.has(name)) add(changes, `${part}_added`, name, undefined, item);
}

/** Equal as JSON, whatever the order of the keys. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const one = a as Record<string, unknown>;
  const two = b as Record<string, unknown>;
  const keys = new Set([...Object.keys(one), ...Object.keys(two)]);
  for (const key of keys) if (!same(one[key], two[key])) return false;
  return true;
}
