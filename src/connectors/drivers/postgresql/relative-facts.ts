import type { ConstraintFacts } from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field, Index, NormalizedType } from '../../spi/index.js';
import type { Row } from './raw-query.js';

/** Names of types as information_schema and the views of Redshift write them; by the words they begin with. */
const TYPES: readonly (readonly [RegExp, NormalizedType])[] = [
  [/^(ARRAY|.*\[\])$/, 'array'],
  [/^bool/i, 'boolean'],
  [/^(small|big)?int|^integer|^serial|^oid$/i, 'integer'],
  [/^(numeric|decimal|money)/i, 'decimal'],
  [/^(real|double|float)/i, 'float'],
  [/^(bytea|bytes|varbyte|binary varying|geo?hash)/i, 'binary'],
  [/^timestamp(tz| with time zone)/i, 'timestamp_tz'],
  [/^timestamp/i, 'timestamp'],
  [/^time/i, 'time'],
  [/^date/i, 'date'],
  [/^interval/i, 'interval'],
  [/^uuid/i, 'uuid'],
  [/^(jsonb?|super)$/i, 'json'],
  [/^(inet|cidr|macaddr)/i, 'network'],
  [/^(geometry|geography)/i, 'geometry'],
  [/^(char|character|varchar|text|string|name|bpchar|"char"|xml|citext)/i, 'string'],
];

export function fieldsOf(rows: readonly Row[]): Field[] {
  return rows.map(([, name, native, nullable, preset, length, precision, scale, comment], at) => {
    const type = TYPES.find(([form]) => form.test(native ?? ''))?.[1] ?? 'unknown';
    const decimal = type === 'decimal' && precision !== null && precision !== undefined;
    return {
      name: name ?? '',
      ordinal: at + 1,
      native_type: nativeOf(native ?? 'unknown', length, decimal ? [precision, scale ?? '0'] : []),
      type,
      nullable: nullable !== 'NO',
      ...(typeof preset === 'string' && preset !== '' ? { default: preset } : {}),
      ...(typeof length === 'string' ? { max_length: Number(length) } : {}),
      ...(decimal ? { precision: Number(precision), scale: Number(scale ?? 0) } : {}),
      ...(typeof comment === 'string' && comment !== '' ? { comment } : {}),
    };
  });
}

function nativeOf(name: string, length: string | null | undefined, sizes: readonly string[]): string {
  if (typeof length === 'string' && !name.includes('(')) return `${name}(${length})`;
  return sizes.length > 0 && !name.includes('(') ? `${name}(${sizes.join(',')})` : name;
}

export function kindOf(type: string): DatasetKind {
  if (/materialized/i.test(type)) return 'materialized_view';
  if (/view/i.test(type)) return 'view';
  return /external|foreign/i.test(type) ? 'foreign_table' : 'table';
}

/** What pg_constraint means by its letters. */
const ACTIONS: Readonly<Record<string, string>> = {
  a: 'NO ACTION',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

/** Rows come sorted by constraint and place. */
export function constraintsOf(rows: readonly Row[]): ConstraintFacts[] {
  return groupsOf(rows).map((group) => {
    const [, name, type, , schema, dataset, , updated, deleted, expression] = group[0] ?? [];
    const key = { name: name ?? '', columns: namesAt(group, 3) };
    if (type === 'c') return { kind: 'check', name: key.name, expression: checkText(expression ?? '') };
    if (type !== 'f') return { kind: type === 'p' ? 'primary' : 'unique', ...key };
    return {
      kind: 'foreign',
      ...key,
      references: { schema: schema ?? '', dataset: dataset ?? '', columns: namesAt(group, 6) },
      ...actionOf('on_update', updated),
      ...actionOf('on_delete', deleted),
    };
  });
}

export function indexesOf(rows: readonly Row[]): Index[] {
  return groupsOf(rows).map((group) => {
    const [, name, unique, primary] = group[0] ?? [];
    return {
      name: name ?? '',
      columns: namesAt(group, 5),
      unique: unique === 'true' || unique === 't',
      ...(primary === 'true' || primary === 't' ? { primary: true } : {}),
    };
  });
}

function actionOf(name: 'on_update' | 'on_delete', letter: string | null | undefined) {
  const action = typeof letter === 'string' && letter !== 'a' ? ACTIONS[letter] : undefined;
  return action === undefined ? {} : { [name]: action };
}

const checkText = (definition: string): string => /^CHECK \(+(.*?)\)+$/s.exec(definition)?.[1] ?? definition;

const namesAt = (group: readonly Row[], place: number): string[] =>
  group.flatMap((row) => (typeof row[place] === 'string' ? [row[place]] : []));

/** By the name in the second column; equal names stand together. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const group = groups.at(-1);
    if (group?.[0]?.[1] === row[1]) group?.push(row);
    else groups.push([row]);
  }
  return groups;
}
