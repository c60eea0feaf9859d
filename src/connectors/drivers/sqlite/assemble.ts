import { buildDataset } from '../../families/sql/dataset.js';
import type { ConstraintFacts } from '../../families/sql/sql-driver.js';
import type { Dataset, Field, ForeignKey, Index } from '../../spi/index.js';
import { sqliteType } from './types.js';

export interface RelationRow {
  readonly name: string;
  readonly type: 'table' | 'view' | 'virtual';
  readonly wr: number;
  readonly strict: number;
  readonly sql: string | null;
}
export interface ColumnRow {
  readonly relation: string;
  readonly name: string;
  readonly type: string;
  readonly required: number;
  readonly standard: string | null;
  /** Place in the primary key, from 1; 0 for a column that is not in it. */
  readonly pk: number;
  /** 2: generated when read; 3: generated and stored. */
  readonly hidden: number;
}
export interface ForeignKeyRow {
  readonly relation: string;
  readonly id: number;
  readonly target: string;
  readonly source: string;
  readonly reference: string | null;
  readonly on_update: string;
  readonly on_delete: string;
}
export interface IndexRow {
  readonly relation: string;
  readonly name: string;
  readonly is_unique: number;
  /** c: CREATE INDEX; u: UNIQUE; pk: PRIMARY KEY. */
  readonly origin: string;
  readonly column_name: string | null;
  readonly sql: string | null;
}

/** Rows of one relation. */
export interface RelationParts {
  readonly relation: RelationRow;
  readonly columns: readonly ColumnRow[];
  readonly foreignKeys: readonly ForeignKeyRow[];
  readonly indexes: readonly IndexRow[];
  readonly rows?: number | undefined;
  /** Primary keys of all relations of the page, for references that name no column. */
  readonly keys: ReadonlyMap<string, readonly string[]>;
}

export const SCHEMA = 'main';

/** The columns of the primary key, in its order. */
export const keyOf = (columns: readonly ColumnRow[]): string[] =>
  columns
    .filter(({ pk }) => pk > 0)
    .sort((a, b) => a.pk - b.pk)
    .map(({ name }) => name);

export function datasetOf(parts: RelationParts): Dataset {
  const { relation, columns, rows } = parts;
  const virtual = relation.type === 'virtual';
  return buildDataset({
    relation: {
      schema: SCHEMA,
      name: relation.name,
      kind: relation.type === 'view' ? 'view' : virtual ? 'foreign_table' : 'table',
      ...(relation.type === 'view' && relation.sql !== null ? { definition: relation.sql } : {}),
      rowEstimate: rows,
      properties: {
        ...(relation.strict === 1 ? { strict: true } : {}),
        ...(relation.wr === 1 ? { without_rowid: true } : {}),
        ...(virtual ? { module: /USING\s+"?(\w+)/i.exec(relation.sql ?? '')?.[1] ?? 'unknown' } : {}),
      },
    },
    fields: columns.map((column, index) => fieldOf(column, index, relation)),
    constraints: [...keyConstraints(parts), ...foreignKeysOf(parts)],
    indexes: indexesOf(parts),
  });
}

function fieldOf(column: ColumnRow, index: number, { wr, strict, sql }: RelationRow): Field {
  // A key of one INTEGER is the number of the row and never null; other keys may be, by an old fault that stays.
  const rowid = column.pk === 1 && /^INTEGER$/i.test(column.type);
  return {
    name: column.name,
    ordinal: index + 1,
    ...sqliteType(column.type),
    nullable: !(column.required === 1 || rowid || (column.pk > 0 && (wr === 1 || strict === 1))),
    ...(column.standard === null ? {} : { default: column.standard }),
    ...(column.hidden === 2 ? { generated: 'VIRTUAL' } : column.hidden === 3 ? { generated: 'STORED' } : {}),
    ...(rowid && /\bAUTOINCREMENT\b/i.test(sql ?? '') ? { identity: 'by_default' as const } : {}),
  };
}

function keyConstraints({ relation, columns, indexes }: RelationParts): ConstraintFacts[] {
  const key = keyOf(columns);
  const constraints: ConstraintFacts[] =
    key.length === 0 ? [] : [{ kind: 'primary', name: `${relation.name}_pkey`, columns: key }];
  for (const { name, columns: members, origin } of grouped(indexes))
    if (origin === 'u' && members.length > 0) constraints.push({ kind: 'unique', name, columns: members });
  return constraints;
}

function foreignKeysOf({ relation, foreignKeys, keys }: RelationParts): ConstraintFacts[] {
  const byId = new Map<number, ForeignKeyRow[]>();
  for (const row of foreignKeys) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return [...byId.values()].map((rows): { kind: 'foreign' } & ForeignKey => {
    const [first] = rows;
    const target = first?.target ?? '';
    const key = keys.get(target) ?? [];
    return {
      kind: 'foreign',
      name: `${relation.name}_${rows.map(({ source }) => source).join('_')}_fkey`,
      columns: rows.map(({ source }) => source),
      references: {
        schema: SCHEMA,
        dataset: target,
        columns: rows.map(({ reference }, index) => reference ?? key[index] ?? 'rowid'),
      },
      ...(first && first.on_update !== 'NO ACTION' ? { on_update: first.on_update } : {}),
      ...(first && first.on_delete !== 'NO ACTION' ? { on_delete: first.on_delete } : {}),
    };
  });
}

function indexesOf({ indexes }: RelationParts): Index[] {
  return grouped(indexes).map(({ name, columns, unique, origin, sql }) => {
    const predicate = /\bWHERE\b([\s\S]*)$/i.exec(sql ?? '')?.[1]?.trim();
    return {
      name,
      columns: columns.length > 0 ? columns : ['(expression)'],
      unique,
      ...(origin === 'pk' ? { primary: true } : {}),
      ...(predicate === undefined ? {} : { predicate }),
    };
  });
}

function grouped(rows: readonly IndexRow[]) {
  const byName = new Map<
    string,
    { name: string; unique: boolean; origin: string; sql: string | null; columns: string[] }
  >();
  for (const { name, is_unique, origin, sql, column_name } of rows) {
    const index = byName.get(name) ?? { name, unique: is_unique === 1, origin, sql, columns: [] };
    byName.set(name, index);
    index.columns.push(column_name ?? '(expression)');
  }
  return [...byName.values()];
}
