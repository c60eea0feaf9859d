import type { DatasetParts } from '../../families/sql/sql-driver.js';
import type { Field, Index } from '../../spi/index.js';
import { textAt, textIn, textsIn, type Row } from './rows.js';
import type { SizeEstimate } from './size-estimates.js';
import { describeType, quote, unquoted, type UserTypes } from './types.js';

/** The facts of one keyspace that tables and views are made of; the maps are by table. */
export interface Facts {
  readonly keyspace: string;
  readonly types: UserTypes;
  readonly columns: ReadonlyMap<string, readonly Row[]>;
  readonly indexes: ReadonlyMap<string, readonly Row[]>;
  readonly sizes: ReadonlyMap<string, SizeEstimate>;
}

const KINDS = ['partition_key', 'clustering', 'static', 'regular'];
const LONG_NAMES: Readonly<Record<string, string>> = { StorageAttachedIndex: 'sai', SASIIndex: 'sasi' };

/** A table, or a materialized view where the row is one of `views`; undefined where it is gone meanwhile. */
export function partsOf(facts: Facts, row: Row, name: string, isView: boolean): DatasetParts | undefined {
  const columns = inOrder(facts.columns.get(name) ?? []);
  if (columns.length === 0) return undefined;
  const kind = (wanted: string): readonly Row[] =>
    columns.filter((column) => textIn(column, 'kind') === wanted);
  const names = (rows: readonly Row[]): string[] => rows.map((column) => textIn(column, 'column_name'));
  const [partition, clustering] = [kind('partition_key'), kind('clustering')];
  const size = facts.sizes.get(name);
  const comment = textIn(row, 'comment');
  return {
    relation: {
      schema: facts.keyspace,
      name,
      kind: isView ? 'materialized_view' : 'table',
      ...(comment === '' ? {} : { comment }),
      ...(isView ? { definition: definitionOf(row, names(columns)) } : {}),
      ...(size ? { rowEstimate: size.partitions, sizeBytes: size.bytes } : {}),
      properties: {
        partition_key: names(partition),
        clustering_key: clustering.map(
          (column) => `${textIn(column, 'column_name')} ${textIn(column, 'clustering_order').toUpperCase()}`,
        ),
        ...(kind('static').length > 0 ? { static_columns: names(kind('static')) } : {}),
        ...(isView ? { base_table: textIn(row, 'base_table_name') } : {}),
        // A partition without clustering key is one row.
        ...(clustering.length > 0 ? { row_estimate_counts: 'partitions' } : {}),
        ...optionsOf(row),
      },
    },
    fields: columns.map((column, at) => fieldOf(column, at, facts.types)),
    constraints: [
      { kind: 'primary', name: 'PRIMARY KEY', columns: [...names(partition), ...names(clustering)] },
    ],
    indexes: (facts.indexes.get(name) ?? []).map(indexOf),
  };
}

/** As `SELECT *` gives them: the partition key, the clustering key, and then the others by their names. */
function inOrder(columns: readonly Row[]): Row[] {
  const place = (column: Row): number => KINDS.indexOf(textIn(column, 'kind'));
  return [...columns].sort(
    (a, b) => place(a) - place(b) || Number(a.get('position') ?? 0) - Number(b.get('position') ?? 0),
  );
}

function fieldOf(column: Row, at: number, types: UserTypes): Field {
  const native = textIn(column, 'type');
  return {
    name: textIn(column, 'column_name'),
    ordinal: at + 1,
    native_type: native,
    ...describeType(native, types),
    nullable: !['partition_key', 'clustering'].includes(textIn(column, 'kind')),
  };
}

function indexOf(row: Row): Index {
  // A name, or what is indexed of a collection: `keys(prices)`.
  const target = textAt(row, 'options', 'target') ?? '';
  const kind = textIn(row, 'kind');
  const className = textAt(row, 'options', 'class_name')?.split('.').at(-1);
  return {
    name: textIn(row, 'index_name'),
    columns: [unquoted(target)],
    unique: false,
    method: kind === 'CUSTOM' && className !== undefined ? (LONG_NAMES[className] ?? className) : 'secondary',
  };
}

function definitionOf(view: Row, columns: readonly string[]): string {
  const chosen = view.get('include_all_columns') === true ? '*' : columns.map(quote).join(', ');
  return `SELECT ${chosen} FROM ${quote(textIn(view, 'base_table_name'))} WHERE ${textIn(view, 'where_clause')}`;
}

/** Options of a table that say how it is to be used; servers that do not have one leave it out. */
function optionsOf(row: Row): Record<string, string | number | boolean> {
  const last = (className: string | undefined): string | undefined => className?.split('.').at(-1);
  const compaction = last(textAt(row, 'compaction', 'class'));
  const compression = last(textAt(row, 'compression', 'class'));
  const [ttl, grace] = [row.get('default_time_to_live'), row.get('gc_grace_seconds')];
  return {
    ...(compaction === undefined ? {} : { compaction }),
    ...(compression === undefined ? {} : { compression }),
    ...(typeof ttl === 'number' && ttl > 0 ? { default_ttl_s: ttl } : {}),
    ...(typeof grace === 'number' ? { gc_grace_s: grace } : {}),
    ...(row.get('cdc') === true ? { cdc: true } : {}),
    ...(textsIn(row, 'flags').includes('counter') ? { counter_table: true } : {}),
  };
}
