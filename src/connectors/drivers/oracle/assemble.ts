import type { ConstraintFacts, DatasetParts, RelationFacts } from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field, Index } from '../../spi/index.js';
import type { Row } from './line.js';
import type { FactName } from './queries.js';
import { lengthOf, normalizedType, writtenType } from './types.js';

/** The rows of each fact, by the name of their object; see queries.ts for their columns. */
export type Facts = Readonly<Partial<Record<FactName, ReadonlyMap<string, readonly Row[]>>>>;
type Of = (name: FactName) => readonly Row[];
type Cell = Row[number] | undefined;

const KINDS: Readonly<Record<string, DatasetKind>> = {
  VIEW: 'view',
  'MATERIALIZED VIEW': 'materialized_view',
  SEQUENCE: 'sequence',
};

export const text = (value: Cell): string => (value === null || value === undefined ? '' : String(value));
const filled = (value: Cell): string | undefined => text(value) || undefined;
const number = (value: Cell): number | undefined => (typeof value === 'number' ? value : undefined);

/** All that was found about one object. @param type as in ALL_OBJECTS. */
export function partsOf(schema: string, name: string, type: string, facts: Facts): DatasetParts {
  const of: Of = (fact) => facts[fact]?.get(name) ?? [];
  return {
    relation: relationOf(schema, name, type, of),
    fields: fieldsOf(of),
    indexes: indexesOf(of),
    constraints: [
      ...keysOf(of('keys')),
      ...referencesOf(of('references')),
      ...of('checks').flatMap(([, constraint, expression]): ConstraintFacts[] =>
        filled(expression) === undefined
          ? []
          : [{ kind: 'check', name: text(constraint), expression: text(expression) }],
      ),
    ],
  };
}

function relationOf(schema: string, name: string, type: string, of: Of): RelationFacts {
  const [table] = of('tables');
  const partitions = of('partitions');
  const [external] = of('external');
  const kind =
    KINDS[type] ?? (external ? 'foreign_table' : partitions.length > 0 ? 'partitioned_table' : 'table');
  const rows = number(table?.[1]);
  const properties = {
    ...(table?.[2] === 'Y' ? { temporary: true } : {}),
    ...(filled(table?.[3]) === undefined ? {} : { organization: 'index' }),
    ...(external ? { access_driver: text(external[1]) } : {}),
    ...(partitions[0] ? { partition_count: Number(partitions[0][3]) } : {}),
    ...sequenceOf(of('sequences')[0]),
  };
  return {
    schema,
    name,
    kind,
    comment: filled(of('comments')[0]?.[1]),
    partitioning: partitions.length > 0 ? partitioningOf(partitions) : undefined,
    definition: filled(of('views')[0]?.[1]) ?? filled(of('snapshots')[0]?.[1]),
    // What the statistics say, which may be old or missing.
    rowEstimate: rows !== undefined && Number.isSafeInteger(rows) && rows >= 0 ? rows : undefined,
    properties: Object.keys(properties).length > 0 ? properties : undefined,
  };
}

const sequenceOf = (row: Row | undefined): Record<string, string> =>
  row ? { start: text(row[1]), increment: text(row[2]) } : {};

function partitioningOf(rows: readonly Row[]): string {
  const [, method, subMethod] = rows[0] ?? [];
  const columns = [...rows]
    .sort((left, right) => Number(left[4]) - Number(right[4]))
    .map((row) => text(row[5]));
  const sub = filled(subMethod);
  return `${text(method)} (${columns.join(', ')})${sub === undefined || sub === 'NONE' ? '' : `, ${sub}`}`;
}

/** The texts of a fact by the column that they are of. */
const byColumn = (rows: readonly Row[]): Map<string, string> =>
  new Map(rows.map(([, column, value]) => [text(column), text(value).trim()]));

function fieldsOf(of: Of): Field[] {
  const presets = byColumn(of('defaults'));
  const comments = byColumn(of('columnComments'));
  const identities = byColumn(of('identities'));
  return [...of('columns')]
    .sort((left, right) => Number(left[1]) - Number(right[1]))
    .map((row, at) => {
      const name = text(row[2]);
      const field = fieldOf(row, at + 1);
      const preset = presets.get(name);
      const comment = comments.get(name);
      const identity = identities.get(name);
      return {
        ...field,
        ...(comment === undefined ? {} : { comment }),
        ...(identity === undefined
          ? preset === undefined
            ? {}
            : row[11] === 'YES'
              ? { generated: preset }
              : { default: preset }
          : { identity: identity === 'ALWAYS' ? ('always' as const) : ('by_default' as const) }),
      };
    });
}

function fieldOf(row: Row, ordinal: number): Field {
  const [, , name, type, owner, bytes, characters, used, precision, scale, nullable] = row;
  const measures = {
    name: text(type),
    owner: filled(owner),
    bytes: Number(bytes),
    characters: Number(characters),
    inCharacters: used === 'C',
    precision: number(precision),
    scale: number(scale),
  };
  const normalized = normalizedType(measures.name, measures.scale, measures.owner !== undefined);
  const length = lengthOf(measures);
  const numeric = measures.name === 'NUMBER';
  return {
    name: text(name),
    ordinal,
    native_type: writtenType(measures),
    type: normalized,
    nullable: nullable === 'Y',
    ...(length === undefined ? {} : { max_length: length }),
    ...(numeric && measures.precision !== undefined ? { precision: measures.precision } : {}),
    ...(numeric && measures.scale !== undefined ? { scale: measures.scale } : {}),
  };
}

/** Rows of one name each, in the order of `place`. */
function byName(rows: readonly Row[], place: number): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(text(row[1]));
    if (group) group.push(row);
    else groups.set(text(row[1]), [row]);
  }
  for (const group of groups.values())
    group.sort((left, right) => Number(left[place]) - Number(right[place]));
  return [...groups];
}

function keysOf(rows: readonly Row[]): ConstraintFacts[] {
  return byName(rows, 3).map(([name, parts]) => ({
    kind: parts[0]?.[2] === 'P' ? 'primary' : 'unique',
    name,
    columns: parts.map((part) => text(part[4])),
  }));
}

function referencesOf(rows: readonly Row[]): ConstraintFacts[] {
  return byName(rows, 2).map(([name, parts]) => {
    const [, , , , schema, dataset, , onDelete] = parts[0] ?? [];
    return {
      kind: 'foreign',
      name,
      columns: parts.map((part) => text(part[3])),
      references: {
        schema: text(schema),
        dataset: text(dataset),
        columns: parts.map((part) => text(part[6])),
      },
      ...(filled(onDelete) === undefined ? {} : { on_delete: text(onDelete) }),
    };
  });
}

function indexesOf(of: Of): Index[] {
  // An indexed expression is a hidden column, whose name says nothing.
  const expressions = new Map(
    of('expressions').map(([, index, position, expression]) => [
      `${text(position)} ${text(index)}`,
      text(expression),
    ]),
  );
  const primary = new Set(of('keys').flatMap(([, , type, , , index]) => (type === 'P' ? [text(index)] : [])));
  return byName(of('indexes'), 4).map(([name, parts]) => ({
    name,
    columns: parts.map((part) => expressions.get(`${text(part[4])} ${name}`) ?? text(part[5])),
    unique: parts[0]?.[2] === 'UNIQUE',
    ...(primary.has(name) ? { primary: true } : {}),
    method: text(parts[0]?.[3]).toLowerCase(),
  }));
}
