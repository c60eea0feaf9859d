import type { NameFilter } from '../../families/sql/name-filter.js';
import type { Statement } from './line.js';

/** One schema, and a range of names in it. */
export interface Where {
  readonly owner: string;
  readonly names: NameFilter;
  readonly from: string;
  readonly to: string;
}

/** What a table, a view and the like is in ALL_OBJECTS; what is dropped, and what Oracle makes for itself, is left out. */
const OBJECTS =
  "o.object_type IN ('TABLE', 'VIEW', 'MATERIALIZED VIEW', 'SEQUENCE') AND o.secondary = 'N' AND o.generated = 'N' AND o.object_name NOT LIKE 'BIN$%'";

/** @param column of the name of the object, beside `owner`. */
function nameCondition(
  { include, exclude }: NameFilter,
  owner: string,
  column: string,
): { sql: string; values: Record<string, string> } {
  const values: Record<string, string> = {};
  const like = (patterns: readonly string[], letter: string): string =>
    patterns
      .map((text, at) => {
        // An empty text is no text here; nothing is named by a NUL.
        values[`${letter}${String(at)}`] = text || '\u0000';
        return `${owner} || '.' || ${column} LIKE :${letter}${String(at)} ESCAPE '\\'`;
      })
      .join(' OR ');
  const sql =
    (include.length > 0 ? ` AND (${like(include, 'i')})` : '') +
    (exclude.length > 0 ? ` AND NOT (${like(exclude, 'x')})` : '');
  return { sql, values };
}

/** Schemas in which the account may see anything, and its own, with how many objects the filter leaves in them. */
export function scopes(names: NameFilter): Statement {
  const { sql, values } = nameCondition(names, 'o.owner', 'o.object_name');
  return {
    sql: `/* scopes */ SELECT u.username, COUNT(o.object_name) FROM all_users u LEFT JOIN all_objects o ON o.owner = u.username AND ${OBJECTS}${sql} WHERE u.oracle_maintained = 'N' GROUP BY u.username HAVING COUNT(o.object_name) > 0 OR u.username = SYS_CONTEXT('USERENV', 'SESSION_USER') ORDER BY u.username`,
    values,
  };
}

/** The objects of a schema by their names. */
export function heads({ owner, names }: Pick<Where, 'owner' | 'names'>): Statement {
  const { sql, values } = nameCondition(names, 'o.owner', 'o.object_name');
  return {
    sql: `/* heads */ SELECT o.object_name, o.object_type FROM all_objects o WHERE o.owner = :owner AND ${OBJECTS}${sql} ORDER BY o.object_name`,
    values: { owner, ...values },
  };
}

/** What is read of a range of objects; the first column of each row is the name of the object. */
interface Fact {
  readonly select: string;
  readonly from: string;
  /** The columns of the schema and of the object. */
  readonly owner: string;
  readonly name: string;
  readonly more?: string;
}

export const FACTS = {
  columns: {
    select:
      't.table_name, t.column_id, t.column_name, t.data_type, t.data_type_owner, t.data_length, t.char_length, t.char_used, t.data_precision, t.data_scale, t.nullable, t.virtual_column, t.identity_column',
    from: 'all_tab_cols t',
    owner: 't.owner',
    name: 't.table_name',
    // What is hidden has no place among the columns.
    more: 't.column_id IS NOT NULL',
  },
  // A LONG cannot stand in a condition; its length can.
  defaults: {
    select: 't.table_name, t.column_name, t.data_default',
    from: 'all_tab_cols t',
    owner: 't.owner',
    name: 't.table_name',
    more: 't.column_id IS NOT NULL AND t.default_length IS NOT NULL',
  },
  identities: {
    select: 't.table_name, t.column_name, t.generation_type',
    from: 'all_tab_identity_cols t',
    owner: 't.owner',
    name: 't.table_name',
  },
  comments: {
    select: 't.table_name, t.comments',
    from: 'all_tab_comments t',
    owner: 't.owner',
    name: 't.table_name',
    more: 't.comments IS NOT NULL',
  },
  columnComments: {
    select: 't.table_name, t.column_name, t.comments',
    from: 'all_col_comments t',
    owner: 't.owner',
    name: 't.table_name',
    more: 't.comments IS NOT NULL',
  },
  keys: {
    select: 'c.table_name, c.constraint_name, c.constraint_type, k.position, k.column_name, c.index_name',
    from: 'all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name',
    owner: 'c.owner',
    name: 'c.table_name',
    more: "c.constraint_type IN ('P', 'U')",
  },
  references: {
    select:
      'c.table_name, c.constraint_name, k.position, k.column_name, r.owner, r.table_name, r.column_name, c.delete_rule',
    from: 'all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name JOIN all_cons_columns r ON r.owner = c.r_owner AND r.constraint_name = c.r_constraint_name AND r.position = k.position',
    owner: 'c.owner',
    name: 'c.table_name',
    more: "c.constraint_type = 'R'",
  },
  checks: {
    select: 'c.table_name, c.constraint_name, c.search_condition_vc',
    from: 'all_constraints c',
    owner: 'c.owner',
    name: 'c.table_name',
    // Each NOT NULL is a check too, which its column tells already.
    more: "c.constraint_type = 'C' AND NOT (c.generated = 'GENERATED NAME' AND c.search_condition_vc LIKE '%IS NOT NULL')",
  },
  indexes: {
    select: 'i.table_name, i.index_name, i.uniqueness, i.index_type, k.column_position, k.column_name',
    from: 'all_indexes i JOIN all_ind_columns k ON k.index_owner = i.owner AND k.index_name = i.index_name',
    owner: 'i.table_owner',
    name: 'i.table_name',
  },
  expressions: {
    select: 'e.table_name, e.index_name, e.column_position, e.column_expression',
    from: 'all_ind_expressions e',
    owner: 'e.table_owner',
    name: 'e.table_name',
  },
  tables: {
    select: 't.table_name, t.num_rows, t.temporary, t.iot_type',
    from: 'all_tables t',
    owner: 't.owner',
    name: 't.table_name',
  },
  partitions: {
    select:
      't.table_name, t.partitioning_type, t.subpartitioning_type, t.partition_count, k.column_position, k.column_name',
    from: "all_part_tables t JOIN all_part_key_columns k ON k.owner = t.owner AND k.name = t.table_name AND k.object_type = 'TABLE'",
    owner: 't.owner',
    name: 't.table_name',
  },
  external: {
    select: 't.table_name, t.type_name',
    from: 'all_external_tables t',
    owner: 't.owner',
    name: 't.table_name',
  },
  views: {
    select: 'v.view_name, v.text',
    from: 'all_views v',
    owner: 'v.owner',
    name: 'v.view_name',
  },
  snapshots: {
    select: 'v.mview_name, v.query, v.staleness',
    from: 'all_mviews v',
    owner: 'v.owner',
    name: 'v.mview_name',
  },
  sequences: {
    select: 's.sequence_name, TO_CHAR(s.min_value), TO_CHAR(s.increment_by)',
    from: 'all_sequences s',
    owner: 's.sequence_owner',
    name: 's.sequence_name',
  },
} as const satisfies Record<string, Fact>;

export type FactName = keyof typeof FACTS;

/** One fact of all objects of a range. */
export function fact(which: FactName, { owner, names, from, to }: Where): Statement {
  const wanted: Fact = FACTS[which];
  const { sql, values } = nameCondition(names, wanted.owner, wanted.name);
  return {
    sql: `/* ${which} */ SELECT ${wanted.select} FROM ${wanted.from} WHERE ${wanted.owner} = :owner AND ${wanted.name} BETWEEN :lo AND :hi${sql}${
      wanted.more === undefined ? '' : ` AND ${wanted.more}`
    }`,
    values: { owner, lo: from, hi: to, ...values },
  };
}
