import { buildDataset } from '../../families/sql/dataset.js';
import type { ConstraintFacts, RelationFacts } from '../../families/sql/sql-driver.js';
import type { Dataset, DatasetKind, Field, NormalizedType } from '../../spi/index.js';
import type { Row } from './line.js';

/** What is known of a schema; rows of SHOW by the table that they belong to. */
export interface SchemaFacts {
  readonly scope: string;
  readonly primary: ReadonlyMap<string, readonly Row[]>;
  readonly unique: ReadonlyMap<string, readonly Row[]>;
  readonly imported: ReadonlyMap<string, readonly Row[]>;
  /** The name of the scope of a schema that a foreign key leads to. */
  readonly scopeOf: (database: string, schema: string) => string;
}

/** @param table a row of SHOW TABLES or of SHOW VIEWS. */
export function datasetOf(facts: SchemaFacts, table: Row, columns: readonly Row[]): Dataset {
  return buildDataset({
    relation: relationOf(facts.scope, table),
    fields: columns.map(fieldOf),
    constraints: constraintsOf(facts, table.name ?? ''),
    indexes: [],
  });
}

const yes = (value: string | null | undefined): boolean => value === 'Y' || value === 'true';
const filled = (value: string | null | undefined): string | undefined =>
  value === null || value === '' ? undefined : value;

function kindOf(table: Row): DatasetKind {
  // Only views have a text.
  if (table.text !== undefined) return yes(table.is_materialized) ? 'materialized_view' : 'view';
  return yes(table.is_external) ? 'foreign_table' : 'table';
}

function relationOf(scope: string, table: Row): RelationFacts {
  const properties = {
    ...(filled(table.cluster_by) ? { clustering: table.cluster_by ?? '' } : {}),
    ...(filled(table.kind) && table.kind !== 'TABLE' ? { table_kind: table.kind ?? '' } : {}),
    ...(yes(table.is_secure) ? { secure: true } : {}),
    ...(yes(table.is_dynamic) ? { dynamic: true } : {}),
    ...(yes(table.is_iceberg) ? { iceberg: true } : {}),
    ...(yes(table.is_hybrid) ? { hybrid: true } : {}),
  };
  return {
    schema: scope,
    name: table.name ?? '',
    kind: kindOf(table),
    comment: filled(table.comment),
    definition: filled(table.text),
    rowEstimate: count(table.rows),
    sizeBytes: count(table.bytes),
    properties: Object.keys(properties).length > 0 ? properties : undefined,
  };
}

/** The type of a column as SHOW writes it: a JSON text. */
interface ColumnType {
  readonly type?: string;
  readonly length?: number;
  readonly precision?: number;
  readonly scale?: number;
  readonly nullable?: boolean;
}

/** Storage types, with the name that a statement has for them. */
const TYPES: Readonly<Record<string, readonly [string, NormalizedType]>> = {
  FIXED: ['NUMBER', 'decimal'],
  DECFLOAT: ['DECFLOAT', 'decimal'],
  REAL: ['FLOAT', 'float'],
  TEXT: ['VARCHAR', 'string'],
  BINARY: ['BINARY', 'binary'],
  BOOLEAN: ['BOOLEAN', 'boolean'],
  DATE: ['DATE', 'date'],
  TIME: ['TIME', 'time'],
  TIMESTAMP_NTZ: ['TIMESTAMP_NTZ', 'timestamp'],
  TIMESTAMP_LTZ: ['TIMESTAMP_LTZ', 'timestamp_tz'],
  TIMESTAMP_TZ: ['TIMESTAMP_TZ', 'timestamp_tz'],
  VARIANT: ['VARIANT', 'json'],
  OBJECT: ['OBJECT', 'object'],
  ARRAY: ['ARRAY', 'array'],
  VECTOR: ['VECTOR', 'array'],
  MAP: ['MAP', 'map'],
  GEOGRAPHY: ['GEOGRAPHY', 'geometry'],
  GEOMETRY: ['GEOMETRY', 'geometry'],
  UUID: ['UUID', 'uuid'],
};

function fieldOf(column: Row, at: number): Field {
  const written = typeOf(column.data_type);
  const preset = filled(column.default);
  const expression = filled(column.expression);
  const comment = filled(column.comment);
  return {
    name: column.column_name ?? '',
    ordinal: at + 1,
    ...typeFacts(written),
    nullable: written.nullable ?? column['null?'] === 'true',
    ...(preset === undefined ? {} : { default: preset }),
    ...(filled(column.autoincrement) ? { identity: 'by_default' as const } : {}),
    ...(expression === undefined ? {} : { generated: expression }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function typeOf(text: string | null | undefined): ColumnType {
  try {
    return (JSON.parse(text ?? '{}') ?? {}) as ColumnType;
  } catch {
    return {};
  }
}

function typeFacts({
  type = '',
  length,
  precision,
  scale,
}: ColumnType): Pick<Field, 'native_type' | 'type' | 'max_length' | 'precision' | 'scale'> {
  const [name, normalized] = Object.hasOwn(TYPES, type)
    ? (TYPES[type] ?? [type, 'unknown'])
    : [type, 'unknown' as const];
  if (type === 'FIXED' && precision !== undefined) {
    const native = `${name}(${String(precision)},${String(scale ?? 0)})`;
    return scale === 0 || scale === undefined
      ? { native_type: native, type: 'integer' }
      : { native_type: native, type: normalized, precision, scale };
  }
  if (length !== undefined && (normalized === 'string' || normalized === 'binary'))
    return { native_type: `${name}(${String(length)})`, type: normalized, max_length: length };
  if (type.startsWith('TIME') && scale !== undefined)
    return { native_type: `${name}(${String(scale)})`, type: normalized };
  return { native_type: name || 'unknown', type: normalized };
}

/** Snowflake checks none of them on most tables; they tell how the data is meant. */
function constraintsOf(facts: SchemaFacts, table: string): ConstraintFacts[] {
  const keysOf = (kind: 'primary' | 'unique', rows: ReadonlyMap<string, readonly Row[]>): ConstraintFacts[] =>
    byName(rows.get(table) ?? [], 'constraint_name').map(([name, parts]) => ({
      kind,
      name,
      columns: parts.map(({ column_name: column }) => column ?? ''),
    }));
  const foreign = byName(facts.imported.get(table) ?? [], 'fk_name').map(([name, parts]): ConstraintFacts => {
    const [first = {}] = parts;
    return {
      kind: 'foreign',
      name,
      columns: parts.map(({ fk_column_name: column }) => column ?? ''),
      references: {
        schema: facts.scopeOf(first.pk_database_name ?? '', first.pk_schema_name ?? ''),
        dataset: first.pk_table_name ?? '',
        columns: parts.map(({ pk_column_name: column }) => column ?? ''),
      },
      ...(filled(first.update_rule) ? { on_update: first.update_rule ?? '' } : {}),
      ...(filled(first.delete_rule) ? { on_delete: first.delete_rule ?? '' } : {}),
    };
  });
  return [...keysOf('primary', facts.primary), ...keysOf('unique', facts.unique), ...foreign];
}

/** Rows of one constraint each, in the order of their key columns. */
function byName(rows: readonly Row[], name: string): [string, Row[]][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = row[name] ?? '';
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  for (const group of groups.values()) group.sort((a, b) => Number(a.key_sequence) - Number(b.key_sequence));
  return [...groups];
}

function count(value: string | null | undefined): number | undefined {
  const number = value === null || value === undefined || value === '' ? NaN : Number(value);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
