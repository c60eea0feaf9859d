import type { ConstraintFacts, DatasetParts, RelationFacts } from '../../families/sql/sql-driver.js';
import type { DatasetKind, Field, Index } from '../../spi/index.js';
import type { Row } from './line.js';
import { membersOf, normalizedType } from './types.js';

/** Rows of the views of one schema, by the table that they belong to; see queries.ts for their columns. */
export interface SchemaFacts {
  readonly schema: string;
  readonly tables: readonly Row[];
  readonly columns: ReadonlyMap<string, readonly Field[]>;
  readonly indexes: ReadonlyMap<string, readonly Row[]>;
  readonly foreignKeys: ReadonlyMap<string, readonly Row[]>;
  readonly foreignKeyColumns: ReadonlyMap<string, readonly Row[]>;
  readonly checks: ReadonlyMap<string, readonly Row[]>;
  readonly partitions: ReadonlyMap<string, readonly Row[]>;
  readonly views: ReadonlyMap<string, readonly Row[]>;
}

export const text = (value: Row[number] | undefined): string =>
  value === null || value === undefined ? '' : String(value);

const filled = (value: Row[number] | undefined): string | undefined => text(value) || undefined;

const KINDS: Readonly<Record<string, DatasetKind>> = {
  VIEW: 'view',
  SEQUENCE: 'sequence',
  'SYSTEM VERSIONED': 'table',
};

/** Partitions of one table that are listed by name; a year of days fits. */
const MAX_PARTITIONS = 1_000;

/** All that was found about one table; undefined for one that is gone since its name was read. */
export function partsOf(facts: SchemaFacts, table: Row): DatasetParts | undefined {
  const name = text(table[0]);
  const fields = facts.columns.get(name) ?? [];
  const indexes = indexesOf(facts.indexes.get(name) ?? []);
  const relation = relationOf(facts, table, fields.length === 0);
  if (fields.length === 0 && relation.properties?.unreadable !== true) return undefined;
  return {
    relation,
    fields,
    indexes,
    constraints: [
      ...keysOf(facts.indexes.get(name) ?? []),
      ...referencesOf(facts, name),
      ...checksOf(facts, name),
    ],
  };
}

function relationOf(facts: SchemaFacts, table: Row, empty: boolean): RelationFacts {
  const [name, type, engine, , options, comment, , rows, bytes] = table;
  const parts = facts.partitions.get(text(name)) ?? [];
  const partitioned = /\bpartitioned\b/i.test(text(options)) && parts.length > 0;
  const kind = partitioned ? 'partitioned_table' : (KINDS[text(type)] ?? 'table');
  const isView = kind === 'view';
  // A view of a table that is gone, or a table that the engine cannot open: the comment is the fault then.
  const unreadable = empty && (isView || engine === null);
  return {
    schema: facts.schema,
    name: text(name),
    kind,
    comment: isView || unreadable ? undefined : filled(comment),
    partitioning: partitioned ? partitioningOf(parts) : undefined,
    definition: isView ? filled(facts.views.get(text(name))?.[0]?.[1]) : undefined,
    rowEstimate: typeof rows === 'number' && !isView ? rows : undefined,
    sizeBytes: typeof bytes === 'number' && !isView ? bytes : undefined,
    properties: propertiesOf(engine, partitioned ? parts : [], unreadable),
  };
}

function propertiesOf(
  engine: Row[number] | undefined,
  parts: readonly Row[],
  unreadable: boolean,
): RelationFacts['properties'] {
  const names = [...new Set(parts.map((part) => text(part[2])))].slice(0, MAX_PARTITIONS);
  const properties = {
    ...(filled(engine) === undefined ? {} : { engine: text(engine) }),
    ...(names.length > 0 ? { partitions: names } : {}),
    ...(unreadable ? { unreadable: true } : {}),
  };
  return Object.keys(properties).length > 0 ? properties : undefined;
}

function partitioningOf(parts: readonly Row[]): string {
  const [, , , method, expression, subMethod, subExpression] = parts[0] ?? [];
  const main = `${text(method)} (${text(expression)})`;
  return filled(subMethod) === undefined ? main : `${main}, ${text(subMethod)} (${text(subExpression)})`;
}

/** A column as a field. MariaDB keeps JSON as text with a check, so the columns of such checks are named. */
export function fieldOf(row: Row, mariadb: boolean, json: boolean): Field {
  const [, ordinal, name, preset, nullable, dataType, columnType, length, precision, scale] = row;
  const [collation, extra, comment, expression] = row.slice(10);
  const type = json ? 'json' : normalizedType(text(dataType).toLowerCase(), text(columnType));
  const generated = filled(expression);
  const members = membersOf(text(columnType));
  // MariaDB writes NULL for a column that may be null and has no default.
  const hasDefault = preset !== null && generated === undefined && !(mariadb && preset === 'NULL');
  const sized = typeof length === 'number' && /^(var)?(char|binary)$/i.test(text(dataType));
  return {
    name: text(name),
    ordinal: Number(ordinal),
    native_type: text(columnType),
    type,
    nullable: nullable === 'YES',
    ...(hasDefault ? { default: text(preset) } : {}),
    ...(/auto_increment/i.test(text(extra)) ? { identity: 'by_default' as const } : {}),
    ...(generated === undefined ? {} : { generated }),
    ...(filled(comment) === undefined ? {} : { comment: text(comment) }),
    ...(filled(collation) === undefined ? {} : { collation: text(collation) }),
    ...(sized ? { max_length: length } : {}),
    ...(type === 'decimal' && typeof precision === 'number' ? { precision } : {}),
    ...(type === 'decimal' && typeof scale === 'number' ? { scale } : {}),
    ...(members === undefined ? {} : { values: members }),
  };
}

/** Rows of one name each, in the order of their place. */
function* byName(
  rows: readonly Row[],
  at: number,
  place: number,
): Generator<readonly [string, readonly Row[]]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = text(row[at]);
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  for (const [name, group] of groups)
    yield [name, group.sort((left, right) => Number(left[place]) - Number(right[place]))];
}

function indexesOf(rows: readonly Row[]): Index[] {
  const found: Index[] = [];
  for (const [name, parts] of byName(rows, 1, 2))
    found.push({
      name,
      columns: parts.map(indexedPart),
      unique: Number(parts[0]?.[3]) === 0,
      ...(name === 'PRIMARY' ? { primary: true } : {}),
      method: text(parts[0]?.[6]).toLowerCase(),
    });
  return found;
}

/** A column, the first characters of one such as `title(20)`, or an expression. */
function indexedPart([, , , , column, prefix, , expression]: Row): string {
  if (column === null || column === undefined) return `(${text(expression)})`;
  return prefix === null ? text(column) : `${text(column)}(${text(prefix)})`;
}

/** Both servers make a constraint of every unique index; one over expressions or parts of columns is no key. */
function* keysOf(rows: readonly Row[]): Generator<ConstraintFacts> {
  for (const [name, parts] of byName(rows, 1, 2)) {
    if (Number(parts[0]?.[3]) !== 0) continue;
    const primary = name === 'PRIMARY';
    if (!primary && parts.some(([, , , , column, prefix]) => column === null || prefix !== null)) continue;
    yield {
      kind: primary ? 'primary' : 'unique',
      name,
      columns: parts.map(([, , , , column]) => text(column)),
    };
  }
}

function* referencesOf(facts: SchemaFacts, table: string): Generator<ConstraintFacts> {
  const rules = new Map((facts.foreignKeys.get(table) ?? []).map((row) => [text(row[1]), row]));
  for (const [name, parts] of byName(facts.foreignKeyColumns.get(table) ?? [], 1, 2)) {
    const rule = rules.get(name);
    yield {
      kind: 'foreign',
      name,
      columns: parts.map((part) => text(part[3])),
      references: {
        schema: text(parts[0]?.[4]),
        dataset: text(parts[0]?.[5]),
        columns: parts.map((part) => text(part[6])),
      },
      ...(rule ? { on_update: text(rule[2]), on_delete: text(rule[3]) } : {}),
    };
  }
}

function checksOf(facts: SchemaFacts, table: string): ConstraintFacts[] {
  return (facts.checks.get(table) ?? []).map(([, name, clause]) => ({
    kind: 'check' as const,
    name: text(name),
    expression: text(clause),
  }));
}
