import type { ConstraintFacts, DatasetParts, RelationFacts } from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field, Index } from '../../spi/index.js';
import type { Row } from './line.js';
import type { FactName } from './queries.js';
import { lengthOf, normalizedType, writtenType } from './types.js';

/** An object of a schema: its id, name and type. */
export type Head = Row;
/** The rows of each fact, by the id of their object; see queries.ts for their columns. */
export type Facts = Readonly<Partial<Record<FactName, ReadonlyMap<number, readonly Row[]>>>>;

const KINDS: Readonly<Record<string, DatasetKind>> = { V: 'view', SO: 'sequence', ET: 'foreign_table' };

export const text = (value: Row[number] | undefined): string =>
  value === null || value === undefined ? '' : String(value);

const filled = (value: Row[number] | undefined): string | undefined => text(value) || undefined;

/** A count that came as text, for a number of 64 bits is one in TDS. */
function count(value: Row[number] | undefined): number | undefined {
  const number = Number(value ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** All that was found about one object. */
export function partsOf(schema: string, head: Head, facts: Facts): DatasetParts {
  const of = (name: FactName): readonly Row[] => facts[name]?.get(Number(head[0])) ?? [];
  const indexes = [...indexesOf(of('indexes'))];
  const fields = fieldsOf(of('columns'), of('comments'));
  const checks = of('checks');
  return {
    relation: relationOf(schema, head, of, isClustered(of('indexes'))),
    fields,
    indexes,
    constraints: [
      ...keysOf(of('indexes'), indexes),
      ...referencesOf(of('references')),
      ...checks.flatMap(([, name, expression]): ConstraintFacts[] =>
        expression === null ? [] : [{ kind: 'check', name: text(name), expression: text(expression) }],
      ),
    ],
  };
}

function relationOf(
  schema: string,
  [, name, type]: Head,
  of: (name: FactName) => readonly Row[],
  clustered: boolean,
): RelationFacts {
  const [partition] = of('partitions');
  const [external] = of('external');
  const listed = KINDS[text(type)] ?? 'table';
  // A view with an index of its rows is kept as a table is.
  const kind =
    listed === 'view' && clustered
      ? 'materialized_view'
      : listed !== 'table'
        ? listed
        : external
          ? 'foreign_table'
          : partition
            ? 'partitioned_table'
            : 'table';
  const stored = kind !== 'view' && kind !== 'sequence' && kind !== 'foreign_table';
  return {
    schema,
    name: text(name),
    kind,
    comment: filled(of('comments').find(([, column]) => column === 0)?.[2]),
    partitioning: partition
      ? `RANGE ${partition[1] === true ? 'RIGHT' : 'LEFT'} (${text(partition[2])})`
      : undefined,
    definition: filled(of('definitions')[0]?.[1]),
    rowEstimate: stored ? count(of('rows')[0]?.[1]) : undefined,
    sizeBytes: stored ? count(of('sizes')[0]?.[1]) : undefined,
    properties: propertiesOf(of),
  };
}

function propertiesOf(of: (name: FactName) => readonly Row[]): RelationFacts['properties'] {
  const [temporal] = of('temporal');
  const [external] = of('external');
  const [sequence] = of('sequences');
  const [distribution] = of('distribution');
  const [partition] = of('partitions');
  // An account without VIEW DEFINITION sees that there is a text, and not the text.
  const hidden =
    of('checks').some(([, , expression]) => expression === null) ||
    of('definitions').some(([, definition]) => definition === null);
  const properties = {
    ...(temporal ? { temporal: text(temporal[1]).toLowerCase() } : {}),
    ...(external ? { location: text(external[1]) } : {}),
    ...(external && filled(external[2]) !== undefined ? { data_source: text(external[2]) } : {}),
    ...(sequence ? { type: text(sequence[1]), start: text(sequence[2]), increment: text(sequence[3]) } : {}),
    ...(distribution ? { distribution: distributionOf(distribution) } : {}),
    ...(partition ? { partition_count: Number(partition[3]) } : {}),
    ...(hidden ? { definition_hidden: true } : {}),
  };
  return Object.keys(properties).length > 0 ? properties : undefined;
}

const distributionOf = ([, policy, column]: Row): string =>
  filled(column) === undefined ? text(policy) : `${text(policy)} (${text(column)})`;

const isClustered = (rows: readonly Row[]): boolean => rows.some(([, id]) => id === 1);

/** Ids of columns have gaps where one was dropped: a place is what counts. */
function fieldsOf(rows: readonly Row[], comments: readonly Row[]): Field[] {
  return [...rows]
    .sort((left, right) => Number(left[1]) - Number(right[1]))
    .map((row, at) => fieldOf(row, at + 1, comments.find(([, column]) => column === row[1])?.[2]));
}

function fieldOf(row: Row, ordinal: number, comment: Row[number] | undefined): Field {
  const [, , name, typeName, baseName, typeSchema, bytes, precision, scale, collation] = row;
  const [nullable, identity, expression, preset] = row.slice(10);
  const declared = text(typeName);
  const base = filled(baseName) ?? declared;
  const type = normalizedType(base);
  const length = lengthOf(base, Number(bytes));
  return {
    name: text(name),
    ordinal,
    native_type:
      typeof typeSchema === 'string'
        ? `${typeSchema}.${declared}`
        : writtenType(declared, Number(bytes), Number(precision), Number(scale)),
    type,
    nullable: nullable === true,
    ...(filled(preset) === undefined ? {} : { default: text(preset) }),
    ...(identity === true ? { identity: 'always' as const } : {}),
    ...(filled(expression) === undefined ? {} : { generated: text(expression) }),
    ...(filled(comment) === undefined ? {} : { comment: text(comment) }),
    ...(filled(collation) === undefined ? {} : { collation: text(collation) }),
    ...(length === undefined ? {} : { max_length: length }),
    ...(type === 'decimal' ? { precision: Number(precision), scale: Number(scale) } : {}),
  };
}

/** Rows of one name each, in the order of `place`. */
function byName(rows: readonly Row[], at: number, place: number): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(text(row[at]));
    if (group) group.push(row);
    else groups.set(text(row[at]), [row]);
  }
  for (const group of groups.values())
    group.sort((left, right) => Number(left[place]) - Number(right[place]));
  return [...groups];
}

function* indexesOf(rows: readonly Row[]): Generator<Index> {
  for (const [name, parts] of byName(rows, 2, 9)) {
    const [, , , method, unique, primary, , predicate] = parts[0] ?? [];
    const keys = parts
      .filter((part) => Number(part[8]) > 0)
      .sort((left, right) => Number(left[8]) - Number(right[8]));
    yield {
      name,
      // An index by columns has no order of them.
      columns: (keys.length > 0 ? keys : parts).map((part) => text(part[11])),
      unique: unique === true,
      ...(primary === true ? { primary: true } : {}),
      method: text(method).toLowerCase(),
      ...(filled(predicate) === undefined ? {} : { predicate: text(predicate) }),
    };
  }
}

function* keysOf(rows: readonly Row[], indexes: readonly Index[]): Generator<ConstraintFacts> {
  for (const { name, columns } of indexes) {
    const [, , , , , primary, unique] = rows.find((row) => row[2] === name) ?? [];
    if (primary === true) yield { kind: 'primary', name, columns };
    else if (unique === true) yield { kind: 'unique', name, columns };
  }
}

const actionOf = (value: Row[number] | undefined): string => text(value).replaceAll('_', ' ');

function referencesOf(rows: readonly Row[]): ConstraintFacts[] {
  return byName(rows, 1, 2).map(([name, parts]) => {
    const [, , , , schema, dataset, , onUpdate, onDelete] = parts[0] ?? [];
    return {
      kind: 'foreign',
      name,
      columns: parts.map((part) => text(part[3])),
      references: {
        schema: text(schema),
        dataset: text(dataset),
        columns: parts.map((part) => text(part[6])),
      },
      on_update: actionOf(onUpdate),
      on_delete: actionOf(onDelete),
    };
  });
}
